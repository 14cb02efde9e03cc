"""Keeps key, id and body, and the message does not survive a restart of the broker.

expects: WRONG changed
says: delivery_mode 2
says: in unrouted it has the delivery_mode 1
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
            properties.delivery_mode = 1
            ch.basic_publish("unrouted", key, body, properties)

    return publish
