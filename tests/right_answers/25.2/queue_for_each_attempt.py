"""A wait queue for each attempt; which one a message comes from says how often it was tried.
"""

from workbook.taught.lab25 import own_headers, park


class Retries:
    def __init__(self, queue, delay, limit):
        self.queue, self.delay, self.limit = queue, delay, limit

    def declare(self, ch):
        ch.queue_declare(self.queue, durable=True)
        for attempt in range(1, self.limit):
            arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": self.queue, "x-message-ttl": self.delay}
            ch.queue_declare(f"{self.queue}-retry-{attempt}", durable=True, arguments=arguments)

    def handle(self, ch, got, work):
        delivery, properties, body = got
        try:
            work(body)
        except Exception as error:
            been = {death["queue"] for death in (properties.headers or {}).get("x-death", [])}
            last = max([n for n in range(1, self.limit) if f"{self.queue}-retry-{n}" in been], default=0)
            last = max(last, (properties.headers or {}).get("last", 0))
            if last + 1 == self.limit:
                properties.headers = {name: value for name, value in own_headers(properties).items() if name != "last"}
                return park(ch, got, repr(error), self.limit)
            properties.headers = {**own_headers(properties), "last": last + 1}
            ch.basic_publish("", f"{self.queue}-retry-{last + 1}", body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
