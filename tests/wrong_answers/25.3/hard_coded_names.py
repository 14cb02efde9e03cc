"""Moves from `parked` to `invoices`, whatever it was told.

expects: WRONG
says: redrive raised ChannelClosedByBroker
"""

from workbook.taught.lab25 import own_headers


def redrive(ch, parked, queue):
    moved = 0
    for _ in range(ch.queue_declare("parked", passive=True).method.message_count):
        delivery, properties, body = ch.basic_get("parked")
        if delivery is None:
            break
        headers = {name: value for name, value in own_headers(properties).items() if name not in ("reason", "attempts")}
        properties.headers = headers
        ch.basic_publish("", queue, body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
        moved += 1
    return moved
