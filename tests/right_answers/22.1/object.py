"""An object that can be called, with a connection's channel of its own for each call.
"""

class Subscriber:
    def __init__(self, exchange):
        self.exchange = exchange

    def __call__(self, ch, service, *keys):
        own = ch.connection.channel()
        own.exchange_declare(self.exchange, "topic", durable=True)
        own.queue_declare(service, durable=True)
        [own.queue_bind(service, self.exchange, key) for key in sorted(set(keys))]
        own.close()


subscribe = Subscriber("events")
