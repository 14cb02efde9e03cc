"""Gives the same reason to all.

expects: WRONG
says: its reason is 'not understood'
says: the reason names the type that nobody knows, or the field that is missing
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
        if function is None:
            park(ch, properties, body, "not understood")
        elif data is None:
            park(ch, properties, body, "not understood")
        elif missing := [field for field in needs if field not in data]:
            park(ch, properties, body, "not understood")
        else:
            function(data)
            handled += 1
        ch.basic_ack(method.delivery_tag)
    return handled
