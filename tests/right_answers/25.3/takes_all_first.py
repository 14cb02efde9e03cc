"""Takes everything that is parked first, and publishes new properties one by one.
"""

import pika


def redrive(ch, parked, queue):
    batch = []
    for _ in range(ch.queue_declare(parked, passive=True).method.message_count):
        batch.append(ch.basic_get(parked))
    for delivery, properties, body in batch:
        fields = dict(vars(properties))
        fields["headers"] = {
            name: value
            for name, value in fields["headers"].items()
            if name not in ("reason", "attempts") and not name.startswith("x-")
        }
        ch.basic_publish(exchange="", routing_key=queue, body=body, properties=pika.BasicProperties(**fields), mandatory=True)
        ch.basic_ack(delivery_tag=delivery.delivery_tag)
    return len(batch)
