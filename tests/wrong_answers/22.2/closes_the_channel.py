"""Closes the channel when handle raises, which gives everything back, and takes the channel from its caller.

expects: YOUR CODE RAISED
says: handle raised Unreachable at event 2, the first time; catch_up was called again on the same channel
"""

import json


def catch_up(ch, service, handle):
    count = 0
    while True:
        delivery, properties, body = ch.basic_get(service)
        if delivery is None:
            return count
        try:
            handle(properties.type, json.loads(body))
        except Exception:
            ch.close()
            raise
        ch.basic_ack(delivery.delivery_tag)
        count += 1
