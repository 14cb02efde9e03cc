"""Publishes, and leaves the parked message unacknowledged: it stays parked as well.

expects: WRONG duplicated
says: in the queue and in the parking queue still
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
        ch.basic_publish("", queue, body, properties, mandatory=True)
        moved += 1
    return moved
