"""Consumes, one at a time, until it is quiet; says that it leaves, and asks the broker whether anything has been left behind.
"""

import json


def catch_up(ch, service, handle):
    ch.basic_qos(prefetch_count=1)
    count = 0
    while True:
        for delivery, properties, body in ch.consume(service, inactivity_timeout=0.05):
            if delivery is None:
                break
            try:
                handle(properties.type, json.loads(body))
            except BaseException:
                ch.cancel()
                ch.basic_nack(delivery.delivery_tag)
                raise
            ch.basic_ack(delivery.delivery_tag)
            count += 1
        ch.cancel()
        if ch.queue_declare(service, passive=True).method.message_count == 0:
            return count
