"""Lets nothing come out of publish, not even that the connection broke.

expects: WRONG lost
says: publish returned unconfirmed
says: event 61 (parcel.lost.de)
"""

from pika.exceptions import AMQPError, UnroutableError


def publisher(ch, exchange):
    ch.exchange_declare(exchange, "topic", durable=True)
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")

    def publish(key, properties, body):
        try:
            ch.basic_publish(exchange, key, body, properties, mandatory=True)
        except UnroutableError:
            ch.basic_publish("unrouted", key, body, properties)
        except AMQPError:
            pass

    return publish
