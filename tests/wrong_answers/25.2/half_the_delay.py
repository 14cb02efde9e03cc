"""Lets a message wait half the time only: it is back before its delay is over.

expects: WRONG
says: came back in this order: order 31, order 32, the early marker
says: hint 1 of 3
"""

from workbook.taught.lab25 import deaths, park


class Retries:
    def __init__(self, queue, delay, limit):
        self.queue, self.delay, self.limit = queue, delay, limit

    def declare(self, ch):
        wait = f"{self.queue}.wait"
        arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": wait}
        ch.queue_declare(self.queue, durable=True, arguments=arguments)
        back = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": self.queue, "x-message-ttl": self.delay // 2}
        ch.queue_declare(wait, durable=True, arguments=back)

    def handle(self, ch, got, work):
        delivery, properties, body = got
        try:
            work(body)
        except Exception as error:
            attempts = 1 + sum(count for queue, reason, count in deaths(properties) if (queue, reason) == (self.queue, "rejected"))
            if attempts < self.limit:
                ch.basic_reject(delivery.delivery_tag, requeue=False)
            else:
                park(ch, got, repr(error), attempts)
        else:
            ch.basic_ack(delivery.delivery_tag)
