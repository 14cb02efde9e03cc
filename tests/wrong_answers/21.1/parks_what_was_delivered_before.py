"""Takes a message that is delivered again for one that killed its reader.

expects: WRONG unwanted
says: then receive was called again
says: parked has order 12, and no need of it
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
        if method.redelivered:
            park(ch, properties, body, f"delivered before: {properties.type}, or a missing cents")
            ch.basic_ack(method.delivery_tag)
            continue
        function, needs = handlers.get(properties.type, (None, ()))
        data = read(body)
        if function is None:
            park(ch, properties, body, f"unknown type {properties.type}")
        elif data is None:
            park(ch, properties, body, "no JSON object")
        elif missing := [field for field in needs if field not in data]:
            park(ch, properties, body, f"missing: {', '.join(missing)}")
        else:
            function(data)
            handled += 1
        ch.basic_ack(method.delivery_tag)
    return handled
