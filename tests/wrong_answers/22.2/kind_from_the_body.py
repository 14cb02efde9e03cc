"""Looks for the type in the data, where the lab's events do not have it.

expects: YOUR CODE RAISED
says: KeyError: 'kind'
"""

import json


def catch_up(ch, service, handle):
    count = 0
    while True:
        delivery, properties, body = ch.basic_get(service)
        if delivery is None:
            return count
        data = json.loads(body)
        handle(data["kind"], data)
        ch.basic_ack(delivery.delivery_tag)
        count += 1
