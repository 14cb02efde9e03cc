"""Its collection begins at the first customer, whatever it is given.

expects: WRONG lost
says: customer
"""

from workbook.taught.lab19 import customers_of


class YearlyFee:
    def __init__(self, db, world):
        self.db, self.world = db, world

    def collection(self, args):
        def after(last):
            return customers_of(self.db, args["shop"])(None)

        return after

    def each_iteration(self, args, customer, id):
        self.world.charge(customer, 4900, key=id)
        self.db.execute("UPDATE customers SET paid = paid + 4900 WHERE id = ?", (customer,))

    def follow_up(self, args):
        return "report", {"shop": args["shop"]}
