"""Reads from the queue of the lab, whatever it is told.

expects: YOUR CODE RAISED
says: ChannelClosedByBroker
says: given: catch_up(ch, 'contracts', handle)
"""

import json


def catch_up(ch, service, handle):
    count = 0
    while True:
        delivery, properties, body = ch.basic_get("partners")
        if delivery is None:
            return count
        handle(properties.type, json.loads(body))
        ch.basic_ack(delivery.delivery_tag)
        count += 1
