"""Fetches what is there, and handles and acknowledges one after the other, until it finds nothing more.
"""

import json


def catch_up(ch, service, handle):
    count = 0
    while batch := list(iter(lambda: ch.basic_get(service), (None, None, None))):
        for delivery, properties, body in batch:
            handle(properties.type, json.loads(body))
            ch.basic_ack(delivery.delivery_tag)
            count += 1
    return count
