"""Looks how many wait, consumes as many with a prefetch of one, and cancels."""

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
    ch.basic_qos(prefetch_count=1)
    count = ch.queue_declare(queue, passive=True).method.message_count
    try:
        for _, (method, properties, body) in zip(range(count), ch.consume(queue)):
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
    finally:
        ch.cancel()
    return handled
