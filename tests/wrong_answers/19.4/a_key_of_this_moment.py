"""Makes a key of its own, another one each time.

expects: WRONG duplicated
says: was killed after its charge
"""

from uuid import uuid4

from workbook.taught.lab19 import customers_of


class YearlyFee:
    def __init__(self, db, world):
        self.db, self.world = db, world

    def collection(self, args):
        return customers_of(self.db, args["shop"])

    def each_iteration(self, args, customer, id):
        self.world.charge(customer, 4900, key=str(uuid4()))
        self.db.execute("UPDATE customers SET paid = paid + 4900 WHERE id = ?", (customer,))

    def follow_up(self, args):
        return "report", {"shop": args["shop"]}
