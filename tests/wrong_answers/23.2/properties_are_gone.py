"""Keeps key and body of what came back, and forgets the properties.

expects: WRONG changed
says: event 2 was published with the type 'oder.placed'
says: hint 3 of 3
"""
from pika.exceptions import UnroutableError


def publisher(ch, exchange):
    ch.exchange_declare(exchange, "topic", durable=True)
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")

    def publish(key, properties, body):
        try:
            ch.basic_publish(exchange, key, body, properties, mandatory=True)
        except UnroutableError:
            ch.basic_publish("unrouted", key, body)

    return publish
