"""Counts in a header of its own, on a copy that it publishes to the wait queue before it acknowledges.
"""

from workbook.taught.lab25 import own_headers, park


class Retries:
    def __init__(self, queue, delay, limit):
        self.queue, self.delay, self.limit = queue, delay, limit

    def declare(self, ch):
        wait = f"{self.queue}.wait"
        ch.queue_declare(self.queue, durable=True, arguments=None)
        back = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": self.queue, "x-message-ttl": self.delay}
        ch.queue_declare(wait, durable=True, arguments=back)

    def handle(self, ch, got, work):
        delivery, properties, body = got
        try:
            work(body)
        except Exception as error:
            attempts = (properties.headers or {}).get("tried", 0) + 1
            if attempts < self.limit:
                properties.headers = {**own_headers(properties), "tried": attempts}
                ch.basic_publish("", f"{self.queue}.wait", body, properties, mandatory=True)
                ch.basic_ack(delivery.delivery_tag)
            else:
                properties.headers = {name: value for name, value in own_headers(properties).items() if name != "tried"}
                park(ch, got, repr(error), attempts)
        else:
            ch.basic_ack(delivery.delivery_tag)
