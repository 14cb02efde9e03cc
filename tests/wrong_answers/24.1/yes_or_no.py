"""Answers yes or no, as if there were nothing in between.

expects: WRONG
says: publish returned True
says: must hold: publish returns one of the words
"""

import pika
from pika.exceptions import AMQPError


def publish(ch, exchange, key, body, message_id):
    properties = pika.BasicProperties(message_id=message_id, delivery_mode=2)
    try:
        ch.basic_publish(exchange, key, body, properties, mandatory=True)
    except AMQPError:
        return False
    return True
