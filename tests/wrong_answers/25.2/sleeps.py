"""Waits in the consumer: nobody else's order is done meanwhile.

expects: WRONG
says: after 3 s consumer 1 was still at it; done: none
says: hint 1 of 3
"""

import time

from workbook.taught.lab25 import park


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
            attempts = (properties.headers or {}).get("tried", 0) + 1
            if attempts < self.limit:
                time.sleep(self.delay / 1000)
                properties.headers = {**(properties.headers or {}), "tried": attempts}
                ch.basic_publish("", self.queue, body, properties, mandatory=True)
                ch.basic_ack(delivery.delivery_tag)
            else:
                park(ch, got, repr(error), attempts)
        else:
            ch.basic_ack(delivery.delivery_tag)
