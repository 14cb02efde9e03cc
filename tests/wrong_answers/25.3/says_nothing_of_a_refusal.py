"""Leaves what was refused in the parking queue, and returns as if all were well.

expects: WRONG
says: the queue has room for one more
says: redrive returned 1, as if nothing had happened
"""

from pika.exceptions import AMQPError

from workbook.taught.lab25 import own_headers


def redrive(ch, parked, queue):
    moved = 0
    for _ in range(ch.queue_declare(parked, passive=True).method.message_count):
        delivery, properties, body = ch.basic_get(parked)
        if delivery is None:
            break
        headers = {name: value for name, value in own_headers(properties).items() if name not in ("reason", "attempts")}
        properties.headers = headers
        try:
            ch.basic_publish("", queue, body, properties, mandatory=True)
        except AMQPError:
            ch.basic_reject(delivery.delivery_tag, requeue=True)
            continue
        ch.basic_ack(delivery.delivery_tag)
        moved += 1
    return moved
