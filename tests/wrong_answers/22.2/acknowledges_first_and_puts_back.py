"""Acknowledges first, and publishes the event again when handle raises: nobody does that for a process that is killed.

expects: WRONG lost [duplicated]
says: the service was killed
"""

import json


def catch_up(ch, service, handle):
    waiting, count = [], 0
    while True:
        delivery, properties, body = ch.basic_get(service)
        if delivery is None:
            return count
        ch.basic_ack(delivery.delivery_tag)
        try:
            handle(properties.type, json.loads(body))
        except Exception:
            waiting.append((properties, body))
            while (got := ch.basic_get(service, auto_ack=True))[0]:
                waiting.append(got[1:])
            for properties, body in waiting:
                ch.basic_publish("", service, body, properties)
            raise
        count += 1
