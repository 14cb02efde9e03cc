"""Binds unrouted for the key that nobody wants, publishes again, and takes the binding away.

expects: WRONG unwanted
says: Contracts bound its key, and somebody published event 46
says: event 46 (parcel.found.de) for unrouted
"""

from pika.exceptions import UnroutableError


def publisher(ch, exchange):
    ch.exchange_declare(exchange, "topic", durable=True)
    ch.queue_declare("unrouted", durable=True)

    def publish(key, properties, body):
        try:
            ch.basic_publish(exchange, key, body, properties, mandatory=True)
        except UnroutableError:
            ch.queue_bind("unrouted", exchange, key)
            ch.basic_publish(exchange, key, body, properties)
            ch.queue_unbind("unrouted", exchange, key)

    return publish
