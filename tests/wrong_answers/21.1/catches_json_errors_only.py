"""Knows that JSON can be broken, and not that bytes can be no text at all.

expects: YOUR CODE RAISED
says: UnicodeDecodeError
says: 12 messages wait in payments
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
        except json.JSONDecodeError:
            data = None
        if function is None or not isinstance(data, dict):
            park(ch, properties, body, f"unknown type {properties.type}, or no JSON object")
        elif missing := [field for field in needs if field not in data]:
            park(ch, properties, body, f"missing: {', '.join(missing)}")
        else:
            function(data)
            handled += 1
        ch.basic_ack(method.delivery_tag)
    return handled
