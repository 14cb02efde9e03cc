"""Gives each moved message a new id.

expects: WRONG duplicated
says: under 2 different message ids
says: hint 3 of 3
"""

import uuid

from workbook.taught.lab25 import own_headers


def redrive(ch, parked, queue):
    moved = 0
    for _ in range(ch.queue_declare(parked, passive=True).method.message_count):
        delivery, properties, body = ch.basic_get(parked)
        if delivery is None:
            break
        properties.headers = {k: v for k, v in own_headers(properties).items() if k not in ("reason", "attempts")}
        properties.message_id = str(uuid.uuid4())
        ch.basic_publish("", queue, body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
        moved += 1
    return moved
