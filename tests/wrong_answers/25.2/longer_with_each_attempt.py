"""One wait queue, in which a message waits twice as long with each attempt: who waits behind it waits as long.

expects: WRONG
says: came back in this order: the early marker, the late marker
says: hint 1 of 3
"""

from workbook.taught.lab25 import own_headers, park


class Retries:
    def __init__(self, queue, delay, limit):
        self.queue, self.delay, self.limit = queue, delay, limit

    def declare(self, ch):
        ch.queue_declare(self.queue, durable=True)
        back = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": self.queue}
        ch.queue_declare(f"{self.queue}.wait", durable=True, arguments=back)

    def handle(self, ch, got, work):
        delivery, properties, body = got
        try:
            work(body)
        except Exception as error:
            attempts = (properties.headers or {}).get("attempts", 0) + 1
            if attempts < self.limit:
                properties.headers = {**own_headers(properties), "attempts": attempts}
                properties.expiration = str(self.delay * 2 ** (attempts - 1))
                ch.basic_publish("", f"{self.queue}.wait", body, properties, mandatory=True)
                ch.basic_ack(delivery.delivery_tag)
            else:
                park(ch, got, repr(error), attempts)
        else:
            ch.basic_ack(delivery.delivery_tag)
