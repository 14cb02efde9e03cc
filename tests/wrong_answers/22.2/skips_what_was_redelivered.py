"""Takes an event that was delivered before for one that was done before.

expects: WRONG lost
says: handle raised Unreachable at event 2, the first time
"""

import json


def catch_up(ch, service, handle):
    count = 0
    while True:
        delivery, properties, body = ch.basic_get(service)
        if delivery is None:
            return count
        if not delivery.redelivered:
            handle(properties.type, json.loads(body))
            count += 1
        ch.basic_ack(delivery.delivery_tag)
