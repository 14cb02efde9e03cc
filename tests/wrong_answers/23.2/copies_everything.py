"""Binds the queue unrouted for everything: it has what is routable too.

expects: WRONG unwanted
says: event 1 (order.placed.de) for unrouted
says: hint 2 of 3
"""


def publisher(ch, exchange):
    ch.exchange_declare(exchange, "topic", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", exchange, "#")

    def publish(key, properties, body):
        ch.basic_publish(exchange, key, body, properties)

    return publish
