"""Its cursor is a tuple, and comes back as a list: it fails when it is resumed.

expects: WRONG
says: the provider declines customer 2 twice
says: can only concatenate tuple
"""


class YearlyFee:
    def __init__(self, db, world):
        self.db, self.world = db, world

    def collection(self, args):
        def after(last):
            sql = "SELECT id FROM customers WHERE shop = ? AND id > ? ORDER BY id"
            for (customer,) in self.db.execute(sql, (args["shop"],) + (last or (0,))).fetchall():
                yield customer, (customer,)

        return after

    def each_iteration(self, args, customer, id):
        self.world.charge(customer, 4900, key=id)
        self.db.execute("UPDATE customers SET paid = paid + 4900 WHERE id = ?", (customer,))

    def follow_up(self, args):
        return "report", {"shop": args["shop"]}
