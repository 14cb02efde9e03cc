"""Takes it for granted that a message has headers.

expects: YOUR CODE RAISED
says: with b'order 3'
"""

from workbook.taught.lab25 import own_headers, park


class Retries:
    def __init__(self, queue, delay, limit):
        self.queue, self.delay, self.limit = queue, delay, limit

    def declare(self, ch):
        ch.queue_declare(self.queue, durable=True)
        back = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": self.queue, "x-message-ttl": self.delay}
        ch.queue_declare(f"{self.queue}.wait", durable=True, arguments=back)

    def handle(self, ch, got, work):
        delivery, properties, body = got
        attempts = properties.headers.get("attempts", 0) + 1
        try:
            work(body)
        except Exception as error:
            if attempts < self.limit:
                properties.headers = {**own_headers(properties), "attempts": attempts}
                ch.basic_publish("", f"{self.queue}.wait", body, properties, mandatory=True)
                ch.basic_ack(delivery.delivery_tag)
            else:
                park(ch, got, repr(error), attempts)
        else:
            ch.basic_ack(delivery.delivery_tag)
