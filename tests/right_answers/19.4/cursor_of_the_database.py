"""The cursor of the database (DB-API), its own name for an argument: a helper of its own.
"""

from workbook.taught.lab19 import customers_of


class YearlyFee:
    def __init__(self, db, world):
        self.db, self.world = db, world

    def collection(self, args):
        return lambda cursor: customers_of(self.db, args["shop"])(cursor)

    def each_iteration(self, args, customer, id):
        self.world.charge(customer, 4900, key=id)
        cur = self.db.cursor()
        cur.execute("UPDATE customers SET paid = paid + 4900 WHERE id = ?", (customer,))

    def follow_up(self, args):
        return "report", {"shop": args["shop"]}
