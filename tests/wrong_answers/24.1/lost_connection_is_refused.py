"""Takes every other exception for a no: but the broker had the message, and only its confirm was lost.

expects: WRONG untruthful
says: order 6: the broker had it, and its confirm was lost
says: order 6: reported refused, and a queue has it
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
        return "refused"
    return "published"
