"""Charges while it reads the collection: outside the row, whatever comes of it.

expects: WRONG phantom
says: customer
"""

from workbook.taught.lab19 import customers_of


class YearlyFee:
    def __init__(self, db, world):
        self.db, self.world = db, world

    def collection(self, args):
        def after(last):
            for customer, here in customers_of(self.db, args["shop"])(last):
                self.world.charge(customer, 4900)
                yield customer, here

        return after

    def each_iteration(self, args, customer, id):
        self.db.execute("UPDATE customers SET paid = paid + 4900 WHERE id = ?", (customer,))

    def follow_up(self, args):
        return "report", {"shop": args["shop"]}
