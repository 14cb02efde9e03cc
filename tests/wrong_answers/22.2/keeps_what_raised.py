"""Raises with the event still in hand: as long as its channel is open, nobody gets it, not even the next call.

expects: WRONG
says: handle raised Unreachable at event 2, the first time; catch_up was called again on the same channel
says: event 2 could be got by nobody before that connection ended
says: hint 3 of 3
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
