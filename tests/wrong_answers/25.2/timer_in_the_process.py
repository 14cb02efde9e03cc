"""Leaves the message unacknowledged and gives it back from a timer, which dies with its process.

expects: WRONG
says: order 1 is in the work queue again already
"""

import threading

from workbook.taught.lab25 import deaths, park


class Retries:
    def __init__(self, queue, delay, limit):
        self.queue, self.delay, self.limit = queue, delay, limit

    def declare(self, ch):
        ch.queue_declare(self.queue, durable=True)

    def handle(self, ch, got, work):
        delivery, properties, body = got
        try:
            work(body)
        except Exception as error:
            attempts = 1 + sum(count for queue, reason, count in deaths(properties) if (queue, reason) == (self.queue, "rejected"))
            if attempts < self.limit:
                threading.Timer(self.delay / 1000, ch.basic_reject, [delivery.delivery_tag]).start()
            else:
                park(ch, got, repr(error), attempts)
        else:
            ch.basic_ack(delivery.delivery_tag)
