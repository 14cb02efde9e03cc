"""Waits before each row, so that the provider has time.

expects: WRONG
says: each_iteration, line 2, has `sleep`: waiting, and trying again, is the framework's work
"""

import time

from workbook.taught.lab19 import customers_of


class YearlyFee:
    def __init__(self, db, world):
        self.db, self.world = db, world

    def collection(self, args):
        return customers_of(self.db, args["shop"])

    def each_iteration(self, args, customer, id):
        time.sleep(0)
        self.world.charge(customer, 4900, key=id)
        self.db.execute("UPDATE customers SET paid = paid + 4900 WHERE id = ?", (customer,))

    def follow_up(self, args):
        return "report", {"shop": args["shop"]}
