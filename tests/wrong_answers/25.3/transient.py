"""Builds the message anew, and not persistent.

expects: WRONG
says: had delivery_mode 2, and now has None
"""

import pika

from workbook.taught.lab25 import own_headers


def redrive(ch, parked, queue):
    moved = 0
    for _ in range(ch.queue_declare(parked, passive=True).method.message_count):
        delivery, properties, body = ch.basic_get(parked)
        if delivery is None:
            break
        headers = {k: v for k, v in own_headers(properties).items() if k not in ("reason", "attempts")}
        kept = {name: getattr(properties, name) for name in ("message_id", "correlation_id", "type", "content_type")}
        properties = pika.BasicProperties(headers=headers, **kept)
        ch.basic_publish("", queue, body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
        moved += 1
    return moved
