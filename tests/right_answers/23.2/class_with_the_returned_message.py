"""An object that can be called; it keeps what the exception brought back, in a quorum queue, and notes when it was."""

import time

from pika.exceptions import UnroutableError


class Publisher:
    def __init__(self, ch, exchange):
        self.ch, self.exchange = ch, exchange
        ch.exchange_declare(exchange, exchange_type="topic", durable=True)
        ch.exchange_declare("no queue", exchange_type="fanout", durable=True)
        ch.queue_declare("unrouted", durable=True, arguments={"x-queue-type": "quorum"})
        ch.queue_bind("unrouted", "no queue")

    def __call__(self, key, properties, body):
        try:
            self.ch.basic_publish(self.exchange, key, body, properties, mandatory=True)
        except UnroutableError as error:
            for back in error.messages:
                back.properties.headers = {**back.properties.headers, "returned-at": int(time.time())}
                self.ch.basic_publish("no queue", back.method.routing_key, back.body, back.properties)


def publisher(ch, exchange):
    return Publisher(ch, exchange)
