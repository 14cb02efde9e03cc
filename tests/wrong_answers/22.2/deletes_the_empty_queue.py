"""Leaves nothing behind: deletes the queue when it is empty.

expects: WRONG lost
says: five events had come while Contracts was away
"""

import json


def catch_up(ch, service, handle):
    count = 0
    while True:
        ch.queue_declare(service, durable=True)
        delivery, properties, body = ch.basic_get(service)
        if delivery is None:
            ch.queue_delete(service)
            return count
        handle(properties.type, json.loads(body))
        ch.basic_ack(delivery.delivery_tag)
        count += 1
