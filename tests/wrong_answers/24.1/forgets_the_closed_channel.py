"""Knows of returned messages and of full queues, and not that a missing exchange closes the channel.

expects: YOUR CODE RAISED
says: ChannelClosedByBroker
says: given: publish(ch, 'oders', 'placed', b'order 3', 'id of order 3')
says: order 3: there is no exchange
"""

import pika
from pika.exceptions import NackError, UnroutableError


def publish(ch, exchange, key, body, message_id):
    properties = pika.BasicProperties(message_id=message_id, delivery_mode=2)
    try:
        ch.basic_publish(exchange, key, body, properties, mandatory=True)
    except UnroutableError:
        return "unroutable"
    except NackError:
        return "refused"
    return "published"
