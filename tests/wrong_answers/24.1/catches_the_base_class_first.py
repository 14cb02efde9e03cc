"""Asks for the base class first, so that the more exact ones below it are never reached.

expects: WRONG untruthful
says: order 2: reported unknown, and it was unroutable
says: hint 2 of 3
"""

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker, NackError, UnroutableError


def publish(ch, exchange, key, body, message_id):
    properties = pika.BasicProperties(message_id=message_id, delivery_mode=2)
    try:
        ch.basic_publish(exchange, key, body, properties, mandatory=True)
    except AMQPError:
        return "unknown"
    except UnroutableError:
        return "unroutable"
    except (NackError, ChannelClosedByBroker):
        return "refused"
    return "published"
