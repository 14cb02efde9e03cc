"""Tries three times by itself and passes the customer over then.

expects: WRONG
says: each_iteration, line 3, has `try`: what becomes of a row that fails
"""

from workbook.taught.lab19 import customers_of


class YearlyFee:
    def __init__(self, db, world):
        self.db, self.world = db, world

    def collection(self, args):
        return customers_of(self.db, args["shop"])

    def each_iteration(self, args, customer, id):
        for _ in range(3):
            try:
                self.world.charge(customer, 4900, key=id)
                break
            except Exception:
                continue
        self.db.execute("UPDATE customers SET paid = paid + 4900 WHERE id = ?", (customer,))

    def follow_up(self, args):
        return "report", {"shop": args["shop"]}
