"""Notes the exception, and goes on: nobody is told.

expects: WRONG
says: catch_up returned 2 as if nothing had happened
"""

import json


def catch_up(ch, service, handle):
    count = 0
    while True:
        delivery, properties, body = ch.basic_get(service)
        if delivery is None:
            return count
        try:
            handle(properties.type, json.loads(body))
        except Exception:
            continue
        ch.basic_ack(delivery.delivery_tag)
        count += 1
