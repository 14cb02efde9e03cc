"""Acknowledges in a finally, also the event whose handle has raised.

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
        try:
            handle(properties.type, json.loads(body))
        finally:
            ch.basic_ack(delivery.delivery_tag)
        count += 1
