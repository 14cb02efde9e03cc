"""Hands over the body as it came.

expects: WRONG
says: your code called handle('partner.address_changed', b'
says: handle is called with the event's type, a text, and its data, a dict
"""

import json


def catch_up(ch, service, handle):
    count = 0
    while True:
        delivery, properties, body = ch.basic_get(service)
        if delivery is None:
            return count
        handle(properties.type, body)
        ch.basic_ack(delivery.delivery_tag)
        count += 1
