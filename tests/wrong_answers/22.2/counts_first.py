"""Counts what waits, and works off so many: what comes meanwhile stays.

expects: WRONG
says: while FraudScore handled the last of them, event 6 came
says: event 6 still waits
says: hint 3 of 3
"""

import json


def catch_up(ch, service, handle):
    count = ch.queue_declare(service, passive=True).method.message_count
    for _ in range(count):
        delivery, properties, body = ch.basic_get(service)
        handle(properties.type, json.loads(body))
        ch.basic_ack(delivery.delivery_tag)
    return count
