"""Forgets the last line: what went well is told with None.

expects: WRONG
says: publish returned None
says: must hold: publish returns one of the words
"""

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker, NackError, UnroutableError


def publish(ch, exchange, key, body, message_id):
    properties = pika.BasicProperties(message_id=message_id, delivery_mode=2)
    try:
        ch.basic_publish(exchange, key, body, properties, mandatory=True)
    except UnroutableError:
        return "unroutable"
    except (NackError, ChannelClosedByBroker):
        return "refused"
    except AMQPError:
        return "unknown"
