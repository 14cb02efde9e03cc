"""Collects what came back, and writes it when the next message is published: the last ones die with the publisher.

expects: WRONG lost
says: killed when their 1st, 2nd and 3rd publish had returned
says: event 11 (invoise.written.de) for unrouted
"""

from pika.exceptions import UnroutableError


def publisher(ch, exchange):
    ch.exchange_declare(exchange, "topic", durable=True)
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")
    collected = []

    def publish(key, properties, body):
        while collected:
            ch.basic_publish("unrouted", *collected.pop(0))
        try:
            ch.basic_publish(exchange, key, body, properties, mandatory=True)
        except UnroutableError:
            collected.append((key, body, properties))

    return publish
