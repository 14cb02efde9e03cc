"""Reads in each delivery how many are behind it, and leaves when there were none, without looking again.

expects: WRONG
says: while FraudScore handled the last of them, event 6 came
says: event 6 still waits
"""

import json


def catch_up(ch, service, handle):
    count = 0
    while True:
        delivery, properties, body = ch.basic_get(service)
        if delivery is None:
            return count
        handle(properties.type, json.loads(body))
        ch.basic_ack(delivery.delivery_tag)
        count += 1
        if delivery.message_count == 0:
            return count
