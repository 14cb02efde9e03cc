"""Parks the message with the counter of its own: after a redrive it has one attempt left.

expects: WRONG
says: has a header that it did not have when it came: tries
says: hint 3 of 3
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
        try:
            work(body)
        except Exception as error:
            attempts = (properties.headers or {}).get("tries", 0) + 1
            if attempts < self.limit:
                properties.headers = {**own_headers(properties), "tries": attempts}
                ch.basic_publish("", f"{self.queue}.wait", body, properties, mandatory=True)
                ch.basic_ack(delivery.delivery_tag)
            else:
                park(ch, got, repr(error), attempts)
        else:
            ch.basic_ack(delivery.delivery_tag)
