"""Asks for unroutable messages to come back, and writes a line into the log for each.

expects: WRONG lost
says: event 2 (oder.placed.de) for unrouted
says: your code printed
"""

from pika.exceptions import UnroutableError


def publisher(ch, exchange):
    ch.exchange_declare(exchange, "topic", durable=True)
    ch.queue_declare("unrouted", durable=True)

    def publish(key, properties, body):
        try:
            ch.basic_publish(exchange, key, body, properties, mandatory=True)
        except UnroutableError:
            print("unroutable:", key)

    return publish
