"""Sets `paid`, and adds nothing to it.

expects: WRONG
says: then came the job fee-lamps-next-year
says: customer 1: 4900, then 4900
"""

from workbook.taught.lab19 import customers_of


class YearlyFee:
    def __init__(self, db, world):
        self.db, self.world = db, world

    def collection(self, args):
        return customers_of(self.db, args["shop"])

    def each_iteration(self, args, customer, id):
        self.world.charge(customer, 4900, key=id)
        self.db.execute("UPDATE customers SET paid = 4900 WHERE id = ?", (customer,))

    def follow_up(self, args):
        return "report", {"shop": args["shop"]}
