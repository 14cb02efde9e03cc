"""Publishes all and then acknowledges all: a crash doubles everything that it had moved.

expects: WRONG duplicated
says: at most the message in hand is there twice
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
    if moved:
        ch.basic_ack(delivery.delivery_tag, multiple=True)
    return moved
