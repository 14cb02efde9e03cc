"""A closure around its arguments, other names, the amount as a constant of the class."""

from workbook.taught.lab19 import customers_of


class YearlyFee:
    CENTS = 4900

    def __init__(self, db, world):
        self.platform, self.provider = db, world

    def collection(self, args):
        after = customers_of(self.platform, args["shop"], size=1)
        return lambda last: after(last)

    def each_iteration(self, args, customer, id):
        sql = "UPDATE customers SET paid = paid + ? WHERE id = ? AND shop = ?"
        self.platform.execute(sql, (self.CENTS, customer, args["shop"]))
        return self.provider.charge(order=customer, cents=self.CENTS, key=id)

    def follow_up(self, args):
        return ("report", dict(args))
