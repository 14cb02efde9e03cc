"""Charges and does not note it.

expects: WRONG
says: 4900 was added to `paid` of customer 1 0 times
"""

from workbook.taught.lab19 import customers_of


class YearlyFee:
    def __init__(self, db, world):
        self.db, self.world = db, world

    def collection(self, args):
        return customers_of(self.db, args["shop"])

    def each_iteration(self, args, customer, id):
        self.world.charge(customer, 4900, key=id)

    def follow_up(self, args):
        return "report", {"shop": args["shop"]}
