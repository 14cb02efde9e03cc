"""Parks a message of its own about the one that came, with an id of its own.

expects: WRONG
says: was sent with the message_id
says: in parked it has
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


import uuid


def put_aside(ch, properties, body, reason):
    properties.message_id = str(uuid.uuid4())
    park(ch, properties, body, reason)


def receive(ch, queue, handlers):
    handled = 0
    while (got := ch.basic_get(queue))[0]:
        method, properties, body = got
        function, needs = handlers.get(properties.type, (None, ()))
        data = read(body)
        if function is None:
            put_aside(ch, properties, body, f"unknown type {properties.type}")
        elif data is None:
            put_aside(ch, properties, body, "no JSON object")
        elif missing := [field for field in needs if field not in data]:
            put_aside(ch, properties, body, f"missing: {', '.join(missing)}")
        else:
            function(data)
            handled += 1
        ch.basic_ack(method.delivery_tag)
    return handled
