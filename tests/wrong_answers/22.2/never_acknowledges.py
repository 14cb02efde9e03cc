"""Never tells the broker that an event is done.

expects: WRONG duplicated
says: five events had come while Contracts was away
"""

import json


def catch_up(ch, service, handle):
    count = 0
    while True:
        delivery, properties, body = ch.basic_get(service)
        if delivery is None:
            return count
        handle(properties.type, json.loads(body))
        count += 1
