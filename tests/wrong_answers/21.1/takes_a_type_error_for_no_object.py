"""Takes the fields out inside of a try, and a TypeError of the function for a body that has none.

expects: WRONG
says: the function itself raised TypeError
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
        data = read(body)
        try:
            missing = [field for field in needs if field not in data]
            if missing or function is None:
                park(ch, properties, body, f"type {properties.type}, missing {missing}")
            else:
                function(data)
                handled += 1
        except TypeError:
            park(ch, properties, body, "no JSON object")
        ch.basic_ack(method.delivery_tag)
    return handled
