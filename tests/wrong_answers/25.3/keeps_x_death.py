"""Takes its own marks off, and leaves the broker's, which old versions go on counting.

expects: WRONG
says: with the marks of their failures: x-death
"""

def redrive(ch, parked, queue):
    moved = 0
    for _ in range(ch.queue_declare(parked, passive=True).method.message_count):
        delivery, properties, body = ch.basic_get(parked)
        if delivery is None:
            break
        properties.headers = {k: v for k, v in properties.headers.items() if k not in ("reason", "attempts")}
        ch.basic_publish("", queue, body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
        moved += 1
    return moved
