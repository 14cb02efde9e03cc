"""Keeps what came back for a minute, by a property of the message.

expects: WRONG changed
says: event 2 was published with the expiration None
says: in unrouted it has the expiration '60000'
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
            properties.expiration = "60000"
            ch.basic_publish("unrouted", key, body, properties)

    return publish
