"""Forgets to say how many.

expects: WRONG
says: the three calls handled 5, 1 and 0 events, and returned None, None, None
"""

import json


def catch_up(ch, service, handle):
    while True:
        delivery, properties, body = ch.basic_get(service)
        if delivery is None:
            return
        handle(properties.type, json.loads(body))
        ch.basic_ack(delivery.delivery_tag)
