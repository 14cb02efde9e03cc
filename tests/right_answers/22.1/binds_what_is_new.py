"""Asks first what is there, on a channel of its own, and declares only what is missing.
"""

from pika.exceptions import ChannelClosedByBroker


def subscribe(ch, service, *keys):
    look = ch.connection.channel()
    try:
        look.queue_declare(service, passive=True)
        look.close()
    except ChannelClosedByBroker:
        ch.exchange_declare("events", exchange_type="topic", durable=True)
        ch.queue_declare(queue=service, durable=True)
    for key in keys:
        ch.queue_bind(queue=service, exchange="events", routing_key=key)
