"""Relies on the confirm alone: a message that was routed nowhere is confirmed.

expects: WRONG untruthful
says: order 2: no queue is bound for the key 'palced'
says: order 2: reported published, and no queue has it
"""

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker, NackError, UnroutableError


def publish(ch, exchange, key, body, message_id):
    properties = pika.BasicProperties(message_id=message_id, delivery_mode=2)
    try:
        ch.basic_publish(exchange, key, body, properties)
    except UnroutableError:
        return "unroutable"
    except (NackError, ChannelClosedByBroker):
        return "refused"
    except AMQPError:
        return "unknown"
    return "published"
