"""Consumes, one at a time; when it is quiet it asks the broker whether nothing waits, and then says that it leaves.
"""

import json


def catch_up(ch, service, handle):
    ch.basic_qos(prefetch_count=1)
    count = 0
    for delivery, properties, body in ch.consume(service, inactivity_timeout=0.05):
        if delivery is not None:
            handle(properties.type, json.loads(body))
            ch.basic_ack(delivery.delivery_tag)
            count += 1
        elif ch.queue_declare(service, passive=True).method.message_count == 0:
            break
    ch.cancel()
    return count
