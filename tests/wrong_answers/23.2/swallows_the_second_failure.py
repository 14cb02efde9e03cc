"""Takes care that keeping a message never stops the checkout, and throws it away when keeping fails.

expects: WRONG lost
says: publish returned unconfirmed
says: event 71 (parcel.lost.de)
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
            try:
                ch.basic_publish("unrouted", key, body, properties)
            except AMQPError:
                pass

    return publish
