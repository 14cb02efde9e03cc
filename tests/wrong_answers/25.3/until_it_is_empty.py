"""Goes on until the parking queue is empty: a fix that mends nothing makes it go round for ever.

expects: WRONG
says: while redrive ran, order 8 was parked, and order 1 failed once more
says: redrive returned 5
says: hint 2 of 3
"""

from workbook.taught.lab25 import own_headers


def redrive(ch, parked, queue):
    moved = 0
    while True:
        delivery, properties, body = ch.basic_get(parked)
        if delivery is None:
            break
        headers = {name: value for name, value in own_headers(properties).items() if name not in ("reason", "attempts")}
        properties.headers = headers
        ch.basic_publish("", queue, body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
        moved += 1
    return moved
