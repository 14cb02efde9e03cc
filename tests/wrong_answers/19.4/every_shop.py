"""Charges the customers of every shop.

expects: WRONG phantom
says: customer 7
"""

from workbook.taught.lab19 import customers_of


class YearlyFee:
    def __init__(self, db, world):
        self.db, self.world = db, world

    def collection(self, args):
        def after(last):
            yield from customers_of(self.db, "lamps")(last)
            yield from customers_of(self.db, "chairs")(last)

        return after

    def each_iteration(self, args, customer, id):
        self.world.charge(customer, 4900, key=id)
        self.db.execute("UPDATE customers SET paid = paid + 4900 WHERE id = ?", (customer,))

    def follow_up(self, args):
        return "report", {"shop": args["shop"]}
