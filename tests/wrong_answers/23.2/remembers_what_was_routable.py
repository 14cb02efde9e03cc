"""Asks for the first message of each key whether somebody wants it, and believes that for ever.

expects: WRONG lost
says: event 7 (order.placed.de) for unrouted
"""

from pika.exceptions import UnroutableError


def publisher(ch, exchange):
    ch.exchange_declare(exchange, "topic", durable=True)
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")
    wanted = set()

    def publish(key, properties, body):
        try:
            ch.basic_publish(exchange, key, body, properties, mandatory=key not in wanted)
            wanted.add(key)
        except UnroutableError:
            ch.basic_publish("unrouted", key, body, properties)

    return publish
