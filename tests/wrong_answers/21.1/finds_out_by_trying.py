"""Calls the function and takes its exceptions for a message that lacks something.

expects: WRONG unwanted
says: order 4: it has no field cents
says: handled has order 4, and no need of it
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
            handlers[properties.type][0](json.loads(body))
            handled += 1
        except (KeyError, ValueError, TypeError) as error:
            park(ch, properties, body, f"{properties.type}: {error}")
        ch.basic_ack(method.delivery_tag)
    return handled
