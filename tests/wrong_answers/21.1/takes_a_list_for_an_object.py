"""Asks whether the names are in what the body holds: in a list of names they are.

expects: WRONG unwanted
says: order 8: its body is JSON, and a list
says: handled has order 8, and no need of it
says: hint 1 of 3
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
        data = anything(body)
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


def anything(body):
    try:
        return json.loads(body)
    except ValueError:
        return None
