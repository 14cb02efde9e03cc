"""Puts what it does not know back into its queue, for a reader that may know it: and gets it again.

expects: WRONG
says: stuck: receive had not returned after 4 s
says: the first of a type that nobody knows
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
            ch.basic_nack(method.delivery_tag, requeue=True)
            continue
        elif data is None:
            park(ch, properties, body, "no JSON object")
        elif missing := [field for field in needs if field not in data]:
            park(ch, properties, body, f"missing: {', '.join(missing)}")
        else:
            function(data)
            handled += 1
        ch.basic_ack(method.delivery_tag)
    return handled
