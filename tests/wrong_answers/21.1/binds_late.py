"""Makes a table of functions in a loop; each of them looks up the loop's variable when it is called.

expects: WRONG
says: order 2 has the type charge_card, and was given to the function of send_receipt
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
    handled, table = 0, {}
    for kind, (function, fields) in handlers.items():
        table[kind] = lambda data: function(data), fields
    while (got := ch.basic_get(queue))[0]:
        method, properties, body = got
        call, needs = table.get(properties.type, (None, ()))
        data = read(body)
        if call is None:
            park(ch, properties, body, f"unknown type {properties.type}")
        elif data is None:
            park(ch, properties, body, "no JSON object")
        elif missing := [field for field in needs if field not in data]:
            park(ch, properties, body, f"missing: {', '.join(missing)}")
        else:
            call(data)
            handled += 1
        ch.basic_ack(method.delivery_tag)
    return handled
