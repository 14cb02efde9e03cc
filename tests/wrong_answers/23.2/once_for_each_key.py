"""Keeps one example of each unroutable key, so as not to flood the queue.

expects: WRONG lost
says: event 5 (oder.placed.de) for unrouted
"""

from pika.exceptions import UnroutableError


def publisher(ch, exchange):
    ch.exchange_declare(exchange, "topic", durable=True)
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")
    seen = set()

    def publish(key, properties, body):
        try:
            ch.basic_publish(exchange, key, body, properties, mandatory=True)
        except UnroutableError:
            if key not in seen:
                seen.add(key)
                ch.basic_publish("unrouted", key, body, properties)

    return publish
