"""Acknowledges with `multiple=True`: on the next call also the event whose handle had raised.

expects: WRONG lost
says: handle raised Unreachable at event 2, the first time; catch_up was called again on the same channel
"""

import json


def catch_up(ch, service, handle):
    count = 0
    while True:
        delivery, properties, body = ch.basic_get(service)
        if delivery is None:
            return count
        handle(properties.type, json.loads(body))
        ch.basic_ack(delivery.delivery_tag, multiple=True)
        count += 1
