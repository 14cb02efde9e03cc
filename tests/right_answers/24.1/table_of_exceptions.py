"""Catches whatever pika raises and looks the word up by the exception's class."""

import pika
from pika import exceptions

WORDS = {"UnroutableError": "unroutable", "NackError": "refused", "ChannelClosedByBroker": "refused"}


def publish(ch, exchange, key, body, message_id):
    properties = pika.BasicProperties(message_id=message_id, delivery_mode=pika.DeliveryMode.Persistent)
    try:
        ch.basic_publish(exchange=exchange, routing_key=key, body=body, properties=properties, mandatory=True)
    except exceptions.AMQPError as error:
        return WORDS.get(type(error).__name__, "unknown")
    else:
        return "published"
