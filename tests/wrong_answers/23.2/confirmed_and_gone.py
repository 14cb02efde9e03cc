"""Relies on the confirm: the broker confirms what it has thrown away.

expects: WRONG lost
says: event 2 (oder.placed.de) for unrouted
says: hint 1 of 3
"""


def publisher(ch, exchange):
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")
    ch.exchange_declare(exchange, "topic", durable=True)

    def publish(key, properties, body):
        ch.basic_publish(exchange, key, body, properties)

    return publish
