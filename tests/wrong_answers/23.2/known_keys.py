"""Knows the keys that the shop has, and keeps the others: a known key whose service has gone is thrown away.

expects: WRONG lost
says: event 4 (contract.signed.nl) for unrouted
"""

KNOWN = ("order.placed", "order.cancelled", "contract.signed")


def publisher(ch, exchange):
    ch.exchange_declare(exchange, "topic", durable=True)
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")

    def publish(key, properties, body):
        ch.basic_publish(exchange if key.startswith(KNOWN) else "unrouted", key, body, properties)

    return publish
