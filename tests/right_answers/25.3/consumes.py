"""Consumes with a prefetch of 1, waits no longer than half a second, and gives back what it was handed beyond the count.
"""

from workbook.taught.lab25 import own_headers


def redrive(ch, parked, queue):
    moved, count = 0, ch.queue_declare(parked, passive=True).method.message_count
    if count == 0:
        return 0
    ch.basic_qos(prefetch_count=1)
    for delivery, properties, body in ch.consume(parked, inactivity_timeout=0.5):
        if delivery is None:
            break  # somebody else has taken the rest
        properties.headers = {k: v for k, v in own_headers(properties).items() if k not in {"reason", "attempts"}}
        ch.basic_publish("", queue, body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
        moved += 1
        if moved == count:
            break
    ch.cancel()
    return moved
