"""Registers a callback, and cancels when the count is reached.
"""

from workbook.taught.lab25 import own_headers


def redrive(ch, parked, queue):
    count, moved = ch.queue_declare(parked, passive=True).method.message_count, []

    def move(ch, delivery, properties, body):
        headers = own_headers(properties)
        for mark in ("reason", "attempts"):
            headers.pop(mark, None)
        properties.headers = headers
        ch.basic_publish("", queue, body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
        moved.append(body)
        if len(moved) == count:
            ch.stop_consuming()

    if count:
        ch.basic_qos(prefetch_count=1)
        ch.basic_consume(parked, move)
        ch.start_consuming()
    return len(moved)
