"""Consumes what is parked, and does not say that it has stopped: what is parked meanwhile is handed to it.

expects: WRONG
says: its channel still holds what was parked meanwhile
says: hint 2 of 3
"""

from workbook.taught.lab25 import own_headers


def redrive(ch, parked, queue):
    moved, count = 0, ch.queue_declare(parked, passive=True).method.message_count
    if not count:
        return 0
    for delivery, properties, body in ch.consume(parked):
        properties.headers = {k: v for k, v in own_headers(properties).items() if k not in ("reason", "attempts")}
        ch.basic_publish("", queue, body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
        moved += 1
        if moved == count:
            return moved
