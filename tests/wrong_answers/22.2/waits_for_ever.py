"""Waits at the empty queue for what may come.

expects: WRONG
says: stuck: catch_up had not returned after 3 s
says: hint 3 of 3
"""

import json


def catch_up(ch, service, handle):
    count = 0
    for delivery, properties, body in ch.consume(service):
        handle(properties.type, json.loads(body))
        ch.basic_ack(delivery.delivery_tag)
        count += 1
    return count
