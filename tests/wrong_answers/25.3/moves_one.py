"""Moves one message and returns.

expects: WRONG
says: redrive returned 1; still parked
"""

from workbook.taught.lab25 import own_headers


def redrive(ch, parked, queue):
    moved = 0
    for _ in range(1):
        delivery, properties, body = ch.basic_get(parked)
        if delivery is None:
            break
        headers = {name: value for name, value in own_headers(properties).items() if name not in ("reason", "attempts")}
        properties.headers = headers
        ch.basic_publish("", queue, body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
        moved += 1
    return moved
