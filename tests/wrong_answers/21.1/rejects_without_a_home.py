"""Rejects what it cannot handle, without requeueing; the queue has no dead-letter exchange, so it is gone.

expects: WRONG lost
says: order 1 was accepted, and is in no place
"""

import json


def park(ch, properties, body, reason):
    properties.headers = {**(properties.headers or {}), "reason": reason}
    ch.queue_declare("parked", durable=True)
    ch.basic_publish("", "parked", body, properties)


def read(body):
    try:
        data = json.loads(body)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def receive(ch, queue, handlers):
    handled = 0
    while (got := ch.basic_get(queue))[0]:
        method, properties, body = got
        function, needs = handlers.get(properties.type, (None, ()))
        data = read(body)
        if function is None or data is None or any(field not in data for field in needs):
            ch.basic_reject(method.delivery_tag, requeue=False)
            continue
        function(data)
        handled += 1
        ch.basic_ack(method.delivery_tag)
    return handled
