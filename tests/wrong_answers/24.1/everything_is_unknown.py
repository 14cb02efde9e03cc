"""Calls unknown what the broker has clearly refused: it would be published again for ever.

expects: WRONG untruthful
says: order 3: there is no exchange 'oders'
says: order 3: reported unknown, and it was refused or unroutable
"""

import pika
from pika.exceptions import AMQPError, UnroutableError


def publish(ch, exchange, key, body, message_id):
    properties = pika.BasicProperties(message_id=message_id, delivery_mode=2)
    try:
        ch.basic_publish(exchange, key, body, properties, mandatory=True)
    except UnroutableError:
        return "unroutable"
    except AMQPError:
        return "unknown"
    return "published"
