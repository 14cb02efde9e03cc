"""Puts a full queue and a missing binding into one drawer.

expects: WRONG untruthful
says: order 4: the queue bound for 'archived' is full
says: order 4: reported unroutable, and it was refused
"""

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker, NackError, UnroutableError


def publish(ch, exchange, key, body, message_id):
    properties = pika.BasicProperties(message_id=message_id, delivery_mode=2)
    try:
        ch.basic_publish(exchange, key, body, properties, mandatory=True)
    except (UnroutableError, NackError, ChannelClosedByBroker):
        return "unroutable"
    except AMQPError:
        return "unknown"
    return "published"
