"""Works off one event, and goes home.

expects: WRONG
says: handled were event 1, event 2, event 3
says: catch_up leaves only when nothing waits
"""

import json


def catch_up(ch, service, handle):
    delivery, properties, body = ch.basic_get(service)
    if delivery is None:
        return 0
    handle(properties.type, json.loads(body))
    ch.basic_ack(delivery.delivery_tag)
    return 1
