"""Uses lab 24's publish, which knows the id and the body and nothing else.

expects: WRONG
says: had correlation_id
"""

import pika

from workbook.taught.lab24 import publish


def redrive(ch, parked, queue):
    moved = 0
    for _ in range(ch.queue_declare(parked, passive=True).method.message_count):
        delivery, properties, body = ch.basic_get(parked)
        if delivery is None:
            break
        if publish(ch, "", queue, body, properties.message_id) != "published":
            raise pika.exceptions.NackError([])
        ch.basic_ack(delivery.delivery_tag)
        moved += 1
    return moved
