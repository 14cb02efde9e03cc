"""Returns what had waited when it came, and not what it has handled.

expects: WRONG
says: it handled 4 events, and returned 3
"""

import json


def catch_up(ch, service, handle):
    count = ch.queue_declare(service, passive=True).method.message_count
    while True:
        delivery, properties, body = ch.basic_get(service)
        if delivery is None:
            return count
        handle(properties.type, json.loads(body))
        ch.basic_ack(delivery.delivery_tag)
