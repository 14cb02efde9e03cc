"""Registers a callback, and cancels when the count is reached, or when nothing has come for a while.
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
        moved.append(body)
        if len(moved) == count:
            ch.basic_cancel(delivery.consumer_tag)
        ch.basic_ack(delivery.delivery_tag)

    if count:
        ch.basic_qos(prefetch_count=1)
        tag, before = ch.basic_consume(parked, move), None
        while before != len(moved) < count:
            before = len(moved)
            ch.connection.process_data_events(time_limit=0.5)
        ch.basic_cancel(tag)
    return len(moved)
