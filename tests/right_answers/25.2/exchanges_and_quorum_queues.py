"""Quorum queues, and two exchanges between them; counts how often its message expired in its own wait queue.
"""

from workbook.taught.lab25 import park


class Retries:
    def __init__(self, queue, delay, limit):
        self.queue, self.delay, self.limit = queue, delay, limit
        self.wait = f"{queue} waits {delay} ms"

    def declare(self, ch):
        for name, other, more in ((self.queue, self.wait, {}), (self.wait, self.queue, {"x-message-ttl": self.delay})):
            ch.exchange_declare(f"to {name}", "fanout", durable=True)
            arguments = {"x-queue-type": "quorum", "x-delivery-limit": 50, "x-dead-letter-exchange": f"to {other}", **more}
            ch.queue_declare(name, durable=True, arguments=arguments)
            ch.queue_bind(name, f"to {name}")

    def handle(self, ch, got, work):
        try:
            work(got[2])
        except Exception as error:
            self.failed(ch, got, error)
        else:
            ch.basic_ack(got[0].delivery_tag)

    def failed(self, ch, got, error):
        attempts = 1
        for death in (got[1].headers or {}).get("x-death") or []:
            if death["queue"] == self.wait:
                attempts += death["count"]
        if attempts >= self.limit:
            park(ch, got, f"{type(error).__name__}: {error}", int(attempts))
        else:
            ch.basic_nack(got[0].delivery_tag, requeue=False)
