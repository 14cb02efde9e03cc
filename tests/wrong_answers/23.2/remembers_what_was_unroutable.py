"""Learns which keys nobody wants, and spares the broker the question: then a service binds one.

expects: WRONG lost unwanted
says: event 6 (contract.signed.nl) for contracts
"""

from pika.exceptions import UnroutableError


def publisher(ch, exchange):
    ch.exchange_declare(exchange, "topic", durable=True)
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")
    nobodys = set()

    def publish(key, properties, body):
        if key not in nobodys:
            try:
                ch.basic_publish(exchange, key, body, properties, mandatory=True)
                return
            except UnroutableError:
                nobodys.add(key)
        ch.basic_publish("unrouted", key, body, properties)

    return publish
