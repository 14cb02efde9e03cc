"""Finds out that the body is no object by an AttributeError, and calls the function inside of the same try.

expects: WRONG
says: the function itself raised AttributeError
says: parked was order 2
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
        try:
            data = json.loads(body) if read(body) is not None else None
            missing = set(needs) - data.keys()
            if function is None or missing:
                park(ch, properties, body, f"type {properties.type}, missing {missing}")
            else:
                function(data)
                handled += 1
        except AttributeError:
            park(ch, properties, body, f"type {properties.type}, no JSON object")
        ch.basic_ack(method.delivery_tag)
    return handled
