"""Calls a missing exchange unroutable, by the broker's reply code: no queue takes the message there either."""

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker, NackError, UnroutableError


def publish(ch, exchange, key, body, message_id):
    try:
        ch.basic_publish(
            exchange, key, body, pika.BasicProperties(message_id=message_id, delivery_mode=2), mandatory=True
        )
        return "published"
    except UnroutableError:
        return "unroutable"
    except ChannelClosedByBroker as closed:
        return "unroutable" if closed.reply_code == 404 else "refused"
    except NackError:
        return "refused"
    except AMQPError:
        return "unknown"
