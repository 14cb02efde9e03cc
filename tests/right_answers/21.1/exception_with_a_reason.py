"""An exception of its own carries the reason, and the function is called outside of the try."""

import json


class Unreadable(Exception):
    pass


def understand(handlers, properties, body):
    if properties.type not in handlers:
        raise Unreadable(f"nobody here handles {properties.type}")
    try:
        data = json.loads(body.decode())
    except ValueError as error:
        raise Unreadable(f"no JSON: {error}")
    if not isinstance(data, dict):
        raise Unreadable("JSON, and no object")
    function, needs = handlers[properties.type]
    if missing := set(needs) - data.keys():
        raise Unreadable(f"without {' and '.join(sorted(missing))}")
    return function, data


def receive(ch, queue, handlers):
    ch.queue_declare("parked", durable=True)
    handled = 0
    while True:
        method, properties, body = ch.basic_get(queue)
        if method is None:
            return handled
        try:
            function, data = understand(handlers, properties, body)
        except Unreadable as why:
            properties.headers = dict(properties.headers or {}, reason=str(why), parked_by="receive")
            ch.basic_publish(exchange="", routing_key="parked", properties=properties, body=body)
        else:
            function(data)
            handled += 1
        ch.basic_ack(method.delivery_tag)
