"""Puts the event back when handle raises, and tries it again itself, as often as it takes.

expects: WRONG
says: catch_up returned 3 as if nothing had happened
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
            ch.basic_nack(delivery.delivery_tag, requeue=True)
            continue
        ch.basic_ack(delivery.delivery_tag)
        count += 1
