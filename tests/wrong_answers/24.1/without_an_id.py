"""Leaves the message id out.

expects: WRONG
says: order 1 was to be published with the message id 'id of order 1'; the queue has it with None
"""

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker, NackError, UnroutableError


def publish(ch, exchange, key, body, message_id):
    properties = pika.BasicProperties(delivery_mode=2)
    try:
        ch.basic_publish(exchange, key, body, properties, mandatory=True)
    except UnroutableError:
        return "unroutable"
    except (NackError, ChannelClosedByBroker):
        return "refused"
    except AMQPError:
        return "unknown"
    return "published"
