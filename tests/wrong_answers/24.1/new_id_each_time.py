"""Makes a new message id for each attempt, so that nobody can see that the two copies are one.

expects: WRONG duplicated
says: order 6 is there under 2 different message ids
"""

import uuid

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker, NackError, UnroutableError


def publish(ch, exchange, key, body, message_id):
    properties = pika.BasicProperties(message_id=str(uuid.uuid4()), delivery_mode=2)
    try:
        ch.basic_publish(exchange, key, body, properties, mandatory=True)
    except UnroutableError:
        return "unroutable"
    except (NackError, ChannelClosedByBroker):
        return "refused"
    except AMQPError:
        return "unknown"
    return "published"
