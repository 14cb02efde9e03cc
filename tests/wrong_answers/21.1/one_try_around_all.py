"""Handles and parks both in one `try` that catches KeyError: the type's, the field's, and the function's own.

expects: WRONG
says: order 2 has all that its function needs, and the function itself raised KeyError
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
        try:
            function, needs = handlers[properties.type]
            data = json.loads(body)
            for field in needs:
                data[field]
            function(data if isinstance(data, dict) else data["no object"])
            handled += 1
        except (KeyError, ValueError, TypeError) as error:
            park(ch, properties, body, f"{error} with type {properties.type}")
        ch.basic_ack(method.delivery_tag)
    return handled
