"""Takes the routing key for the type: true as long as nobody puts an event into the queue by another way.

expects: WRONG
says: event 1 is of the type 'partner.address_changed', and handle was told 'contracts'
"""

import json


def catch_up(ch, service, handle):
    count = 0
    while True:
        delivery, properties, body = ch.basic_get(service)
        if delivery is None:
            return count
        handle(delivery.routing_key, json.loads(body))
        ch.basic_ack(delivery.delivery_tag)
        count += 1
