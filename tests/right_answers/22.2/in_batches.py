"""Fetches what is there, and handles and acknowledges one after the other, until it finds nothing more; when
handle raises, it gives back all that it still has.
"""

import json


def catch_up(ch, service, handle):
    count = 0
    while batch := list(iter(lambda: ch.basic_get(service), (None, None, None))):
        for delivery, properties, body in batch:
            try:
                handle(properties.type, json.loads(body))
            except Exception:
                ch.basic_nack(0, multiple=True)
                raise
            ch.basic_ack(delivery.delivery_tag)
            count += 1
    return count
