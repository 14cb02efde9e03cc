"""Notes on each message that it was moved: it is no longer the message that it was.

expects: WRONG
says: has a header that it did not have when it came: redriven
says: hint 3 of 3
"""

from workbook.taught.lab25 import own_headers


def redrive(ch, parked, queue):
    moved = 0
    waiting = ch.queue_declare(parked, passive=True).method.message_count
    for _ in range(waiting):
        delivery, properties, body = ch.basic_get(parked)
        if delivery is None:
            break
        headers = {name: value for name, value in own_headers(properties).items() if name not in ("reason", "attempts")}
        properties.headers = {**headers, "redriven": 1}
        ch.basic_publish("", queue, body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
        moved += 1
    return moved
