"""Decides by what is still open after the exception: the channel, or only the connection, or nothing."""

import pika
from pika.exceptions import AMQPError, UnroutableError


def publish(ch, exchange, key, body, message_id):
    ch.confirm_delivery()
    properties = pika.BasicProperties()
    properties.message_id = message_id
    properties.delivery_mode = 2
    word = "published"
    try:
        ch.basic_publish(exchange, key, body, properties, True)
    except UnroutableError:
        word = "unroutable"
    except AMQPError:
        word = "refused" if ch.connection.is_open else "unknown"
    return word
