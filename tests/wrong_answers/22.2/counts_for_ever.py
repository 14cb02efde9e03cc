"""Counts in a variable of the module, over all calls.

expects: WRONG
says: the three calls handled 5, 1 and 0 events, and returned 5, 6, 6
"""

import json

count = 0


def catch_up(ch, service, handle):
    global count
    while True:
        delivery, properties, body = ch.basic_get(service)
        if delivery is None:
            return count
        handle(properties.type, json.loads(body))
        ch.basic_ack(delivery.delivery_tag)
        count += 1
