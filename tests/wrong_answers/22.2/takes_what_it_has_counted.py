"""Asks how many wait, and takes it for granted that one of them is still there a moment later.

expects: YOUR CODE RAISED
says: right before Invoices asked for its third, a replica took what was left
"""

import json


def catch_up(ch, service, handle):
    count = 0
    while ch.queue_declare(service, passive=True).method.message_count:
        delivery, properties, body = ch.basic_get(service)
        try:
            handle(properties.type, json.loads(body))
        except Exception:
            ch.basic_nack(delivery.delivery_tag)
            raise
        ch.basic_ack(delivery.delivery_tag)
        count += 1
    return count
