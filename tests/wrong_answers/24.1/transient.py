"""Leaves the delivery mode out: the queue survives a restart of the broker, the message does not.

expects: WRONG
says: order 1 is there with delivery mode None
says: must hold: what is published is persistent
"""

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker, NackError, UnroutableError


def publish(ch, exchange, key, body, message_id):
    properties = pika.BasicProperties(message_id=message_id)
    try:
        ch.basic_publish(exchange, key, body, properties, mandatory=True)
    except UnroutableError:
        return "unroutable"
    except (NackError, ChannelClosedByBroker):
        return "refused"
    except AMQPError:
        return "unknown"
    return "published"
