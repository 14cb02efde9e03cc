"""Keeps what came back on another channel, which is not in confirm mode.

expects: WRONG lost
says: publish returned unconfirmed
says: the connection broke when the second basic_publish had been sent
says: event 71 (parcel.lost.de)
"""

from pika.exceptions import UnroutableError


def publisher(ch, exchange):
    ch.exchange_declare(exchange, "topic", durable=True)
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")
    own = ch.connection.channel()

    def publish(key, properties, body):
        try:
            ch.basic_publish(exchange, key, body, properties, mandatory=True)
        except UnroutableError:
            own.basic_publish("unrouted", key, body, properties)

    return publish
