"""Reads the JSON and calls the function in one try: the function's ValueError is taken for bad JSON.

expects: WRONG
says: the function itself raised ValueError
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
            data = json.loads(body)
            reason = None if isinstance(data, dict) else "no object"
            missing = [field for field in needs if not reason and field not in data]
            if function and not reason and not missing:
                function(data)
                handled += 1
            else:
                park(ch, properties, body, reason or f"type {properties.type}, missing {missing}")
        except ValueError:
            park(ch, properties, body, "no JSON")
        ch.basic_ack(method.delivery_tag)
    return handled
