"""Puts what came back into the queue by its name: the key by which it was published is gone.

expects: WRONG changed
says: event 2 was published with the key 'oder.placed.de'
says: in unrouted it has the key 'unrouted'
says: hint 3 of 3
"""
from pika.exceptions import UnroutableError


def publisher(ch, exchange):
    ch.exchange_declare(exchange, "topic", durable=True)
    ch.queue_declare("unrouted", durable=True)

    def publish(key, properties, body):
        try:
            ch.basic_publish(exchange, key, body, properties, mandatory=True)
        except UnroutableError:
            ch.basic_publish("", "unrouted", body, properties)

    return publish
