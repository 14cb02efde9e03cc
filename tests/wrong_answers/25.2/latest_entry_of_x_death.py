"""Takes the first entry of x-death for its own: it may be about another queue.

expects: WRONG
says: the work on order 14 was tried once, and should have been 4 times; it had been dead-lettered 4 times in another queue
says: hint 3 of 3
"""

from workbook.taught.lab25 import deaths, park


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
            attempts = 1 + (deaths(properties)[0][2] if deaths(properties) else 0)
            if attempts < self.limit:
                ch.basic_reject(delivery.delivery_tag, requeue=False)
            else:
                park(ch, got, repr(error), attempts)
        else:
            ch.basic_ack(delivery.delivery_tag)
