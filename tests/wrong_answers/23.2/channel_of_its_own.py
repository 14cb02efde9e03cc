"""Publishes on a channel of its own, which is not in confirm mode.

expects: WRONG lost
says: publish returned unconfirmed
says: event 61 (parcel.lost.de)
"""


def publisher(ch, exchange):
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")
    ch.exchange_declare(exchange, "topic", durable=True, arguments={"alternate-exchange": "unrouted"})
    own = ch.connection.channel()

    def publish(key, properties, body):
        own.basic_publish(exchange, key, body, properties)

    return publish
