"""Acknowledges all of them at once, at the end.

expects: WRONG duplicated
says: the service was killed
says: hint 2 of 3
"""

import json


def catch_up(ch, service, handle):
    count, last = 0, None
    try:
        while True:
            delivery, properties, body = ch.basic_get(service)
            if delivery is None:
                return count
            handle(properties.type, json.loads(body))
            count, last = count + 1, delivery.delivery_tag
    finally:
        if last:
            ch.basic_ack(last, multiple=True)
