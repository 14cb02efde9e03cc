"""Takes `paid` for a memory of what is done.

expects: WRONG lost
says: then came the job fee-lamps-next-year
"""

from workbook.taught.lab19 import customers_of


class YearlyFee:
    def __init__(self, db, world):
        self.db, self.world = db, world

    def collection(self, args):
        return customers_of(self.db, args["shop"])

    def each_iteration(self, args, customer, id):
        if self.db.execute("SELECT paid FROM customers WHERE id = ?", (customer,)).fetchone()[0]:
            return
        self.world.charge(customer, 4900, key=id)
        self.db.execute("UPDATE customers SET paid = paid + 4900 WHERE id = ?", (customer,))

    def follow_up(self, args):
        return "report", {"shop": args["shop"]}
