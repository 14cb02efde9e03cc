"""Names that also stand for the framework's work, and here mean something else: done, time, lock, cursor, queue."""

from workbook.taught.lab19 import customers_of


class YearlyFee:
    """Charge what is due; the framework's cursor, retries, signals and locks are none of its business."""

    def __init__(self, db, world):
        self.db, self.lock = db, world

    def collection(self, args):
        def queue(cursor):
            for customer, time in customers_of(self.db, args["shop"], size=2)(cursor):
                yield customer, time

        return queue

    def each_iteration(self, args, customer, id):
        done = self.db.execute("UPDATE customers SET paid = paid + 4900 WHERE id = ?", (customer,))
        signal, retry = self.lock.charge(customer, 4900, key=id), done.rowcount
        return signal, retry

    def follow_up(self, args):
        redis, enqueue = "report", {"shop": args["shop"]}
        return redis, enqueue
