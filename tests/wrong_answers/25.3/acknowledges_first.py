"""Acknowledges in the parking queue before the work queue has it.

expects: WRONG lost
says: redrive was killed
says: hint 1 of 3
"""

from workbook.taught.lab25 import own_headers


def redrive(ch, parked, queue):
    moved = 0
    for _ in range(ch.queue_declare(parked, passive=True).method.message_count):
        delivery, properties, body = ch.basic_get(parked)
        if delivery is None:
            break
        headers = {name: value for name, value in own_headers(properties).items() if name not in ("reason", "attempts")}
        properties.headers = headers
        ch.basic_ack(delivery.delivery_tag)
        ch.basic_publish("", queue, body, properties, mandatory=True)
        moved += 1
    return moved
