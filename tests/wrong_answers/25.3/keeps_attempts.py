"""Takes the reason off, and leaves the number of attempts.

expects: WRONG
says: with the marks of their failures: attempts
"""

from workbook.taught.lab25 import own_headers


def redrive(ch, parked, queue):
    moved = 0
    for _ in range(ch.queue_declare(parked, passive=True).method.message_count):
        delivery, properties, body = ch.basic_get(parked)
        if delivery is None:
            break
        properties.headers = {k: v for k, v in own_headers(properties).items() if k != "reason"}
        ch.basic_publish("", queue, body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
        moved += 1
    return moved
