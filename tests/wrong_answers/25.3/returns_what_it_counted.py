"""Returns how many there were when it began: somebody else has taken one of them.

expects: WRONG
says: somebody else took one of the 3 parked orders away
says: redrive returned 3
says: hint 2 of 3
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
        properties.headers = headers
        ch.basic_publish("", queue, body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
        moved += 1
    return waiting
