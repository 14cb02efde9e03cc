"""An iterator that ends at the broker's "nothing there".
"""

import json


def catch_up(ch, service, handle):
    count = 0
    for delivery, properties, body in iter(lambda: ch.basic_get(service), (None, None, None)):
        handle(properties.type, json.loads(body))
        ch.basic_ack(delivery.delivery_tag, multiple=True)
        count += 1
    return count
