"""One wait queue, and each message with an expiration of its own: the short ones wait behind the long ones.

expects: WRONG
says: is in the queue wait, and nobody brings it back
says: hint 1 of 3
"""

from workbook.taught.lab25 import park


class Retries:
    def __init__(self, queue, delay, limit):
        self.queue, self.delay, self.limit = queue, delay, limit

    def declare(self, ch):
        ch.exchange_declare("retry", "direct", durable=True)
        ch.queue_declare("wait", durable=True, arguments={"x-dead-letter-exchange": "retry"})
        ch.queue_declare(self.queue, durable=True)
        ch.queue_bind(self.queue, "retry", self.queue)
        ch.exchange_declare("wait", "fanout", durable=True)
        ch.queue_bind("wait", "wait")

    def handle(self, ch, got, work):
        delivery, properties, body = got
        try:
            work(body)
        except Exception as error:
            attempts = (properties.headers or {}).get("tried", 0) + 1
            if attempts < self.limit:
                properties.headers = {**(properties.headers or {}), "tried": attempts}
                properties.expiration = str(self.delay)
                ch.basic_publish("wait", self.queue, body, properties, mandatory=True)
                ch.basic_ack(delivery.delivery_tag)
            else:
                park(ch, got, repr(error), attempts)
        else:
            ch.basic_ack(delivery.delivery_tag)
