"""Stops when a message comes a second time: until then it moves what others park meanwhile.

expects: WRONG
says: while redrive ran, order 8 was parked
says: redrive returned 4
says: hint 2 of 3
"""

from workbook.taught.lab25 import own_headers


def redrive(ch, parked, queue):
    seen = set()
    while True:
        delivery, properties, body = ch.basic_get(parked)
        if delivery is None:
            break
        if properties.message_id in seen:
            ch.basic_reject(delivery.delivery_tag, requeue=True)
            break
        seen.add(properties.message_id)
        headers = {name: value for name, value in own_headers(properties).items() if name not in ("reason", "attempts")}
        properties.headers = headers
        ch.basic_publish("", queue, body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
    return len(seen)
