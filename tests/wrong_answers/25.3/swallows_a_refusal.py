"""Takes a queue's refusal for a reason to go on, and acknowledges.

expects: WRONG lost
says: the queue has room for one more
says: hint 1 of 3
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
            pass
        ch.basic_ack(delivery.delivery_tag)
        moved += 1
    return moved
