"""A base class that keeps what it is made with, and a collection of its own: by id, one query."""

class OnThePlatform:
    def __init__(self, db, world):
        self.db, self.world = db, world


class YearlyFee(OnThePlatform):
    def collection(self, args):
        sql = "SELECT id, id FROM customers WHERE shop = ? AND id > ? ORDER BY id"
        return lambda last: self.db.execute(sql, (args["shop"], last or 0)).fetchall()

    def each_iteration(self, args, customer, id):
        self.world.charge(customer, 4900, id)
        self.db.execute("UPDATE customers SET paid = paid + 4900 WHERE id = ?", [customer])

    def follow_up(self, args):
        return ["report", {"shop": args["shop"]}]
