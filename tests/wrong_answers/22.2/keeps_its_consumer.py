"""Leaves when it is quiet, and stays a consumer: the broker goes on sending to a channel where nobody reads.

expects: WRONG
says: the broker had handed it to the service's channel already
says: hint 3 of 3
"""

import json


def catch_up(ch, service, handle):
    count = 0
    for delivery, properties, body in ch.consume(service, inactivity_timeout=0.1):
        if delivery is None:
            return count
        handle(properties.type, json.loads(body))
        ch.basic_ack(delivery.delivery_tag)
        count += 1
