"""Counts again and again, and is sure that what it has counted is for itself.

expects: YOUR CODE RAISED
says: while Invoices handled the second, a replica took what was left
says: AttributeError
"""

import json


def catch_up(ch, service, handle):
    handled = 0
    while count := ch.queue_declare(service, passive=True).method.message_count:
        for _ in range(count):
            delivery, properties, body = ch.basic_get(service)
            handle(properties.type, json.loads(body))
            ch.basic_ack(delivery.delivery_tag)
            handled += 1
    return handled
