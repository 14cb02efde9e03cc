"""An iterator that ends at the broker's "nothing there"; when handle raises, the channel gives back what it has.
"""

import json


def catch_up(ch, service, handle):
    count = 0
    for delivery, properties, body in iter(lambda: ch.basic_get(service), (None, None, None)):
        try:
            handle(properties.type, json.loads(body))
        except Exception:
            ch.basic_recover(requeue=True)
            raise
        ch.basic_ack(delivery.delivery_tag, multiple=True)
        count += 1
    return count
