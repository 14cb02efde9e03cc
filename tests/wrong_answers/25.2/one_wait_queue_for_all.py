"""Calls the wait queue the same for every work queue: the second service cannot even start.

expects: YOUR CODE RAISED
says: ChannelClosedByBroker
says: given: Retries('mail', 50, 4).declare(ch)
"""

from workbook.taught.lab25 import deaths, park


class Retries:
    def __init__(self, queue, delay, limit):
        self.queue, self.delay, self.limit = queue, delay, limit

    def declare(self, ch):
        arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "wait"}
        ch.queue_declare(self.queue, durable=True, arguments=arguments)
        back = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": self.queue, "x-message-ttl": self.delay}
        ch.queue_declare("wait", durable=True, arguments=back)

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
