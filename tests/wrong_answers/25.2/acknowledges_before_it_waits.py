"""Acknowledges first, and then publishes to the wait queue: killed between the two, nobody has it.

expects: WRONG lost
says: hint 2 of 3
"""

from workbook.taught.lab25 import park


class Retries:
    def __init__(self, queue, delay, limit):
        self.queue, self.delay, self.limit = queue, delay, limit

    def declare(self, ch):
        wait = f"{self.queue}.wait"
        arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": wait}
        ch.queue_declare(self.queue, durable=True, arguments=arguments)
        back = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": self.queue, "x-message-ttl": self.delay}
        ch.queue_declare(wait, durable=True, arguments=back)

    def handle(self, ch, got, work):
        delivery, properties, body = got
        try:
            work(body)
        except Exception as error:
            attempts = (properties.headers or {}).get("attempts", 0) + 1
            if attempts < self.limit:
                properties.headers = {**(properties.headers or {}), "attempts": attempts}
                ch.basic_ack(delivery.delivery_tag)
                ch.basic_publish("", f"{self.queue}.wait", body, properties, mandatory=True)
            else:
                park(ch, got, repr(error), attempts)
        else:
            ch.basic_ack(delivery.delivery_tag)
