"""Notes the payment and commits, then charges: declined, it is noted again with each attempt.

expects: WRONG
says: the provider declines customer 2 twice
says: customer 2 3 times
"""

from workbook.taught.lab19 import customers_of


class YearlyFee:
    def __init__(self, db, world):
        self.db, self.world = db, world

    def collection(self, args):
        return customers_of(self.db, args["shop"])

    def each_iteration(self, args, customer, id):
        self.db.execute("UPDATE customers SET paid = paid + 4900 WHERE id = ?", (customer,))
        self.db.commit()
        self.world.charge(customer, 4900, key=id)

    def follow_up(self, args):
        return "report", {"shop": args["shop"]}
