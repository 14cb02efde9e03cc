"""Consumes with a prefetch of 1 and gives back what it was handed beyond the count.
"""

from workbook.taught.lab25 import own_headers


def redrive(ch, parked, queue):
    count = moved = ch.queue_declare(parked, passive=True).method.message_count
    if count == 0:
        return 0
    ch.basic_qos(prefetch_count=1)
    for delivery, properties, body in ch.consume(parked):
        properties.headers = {k: v for k, v in own_headers(properties).items() if k not in {"reason", "attempts"}}
        ch.basic_publish("", queue, body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
        count -= 1
        if not count:
            break
    ch.cancel()
    return moved
