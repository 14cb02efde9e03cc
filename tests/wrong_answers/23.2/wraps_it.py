"""Keeps all of it in a document of its own, which no service can read when it is sent again.

expects: WRONG changed
says: event 2 was published with the body
says: hint 3 of 3
"""
import json

from pika.exceptions import UnroutableError


def publisher(ch, exchange):
    ch.exchange_declare(exchange, "topic", durable=True)
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")

    def publish(key, properties, body):
        try:
            ch.basic_publish(exchange, key, body, properties, mandatory=True)
        except UnroutableError:
            note = json.dumps({"key": key, "body": body.decode()})
            ch.basic_publish("unrouted", key, note.encode(), properties)

    return publish
