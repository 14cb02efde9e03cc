"""What lab 21 teaches, as later labs, workers and benchmarks import it.

Built from solutions/21-messages-not-objects.py by `python3 -m workbook build`: change it there.
"""

import json
import pika
import uuid

# Taught in labs/21-messages-not-objects.ipynb, cell 21-028: A message is data
def message(kind, data, cause=None, id=None):
    """A message that says what it is: (properties, body).

    kind: what it is about ("charge_card", "order.placed"). data: what becomes JSON. cause: the properties of the message
    that caused this one. id: its own id, a new one if none is given.
    """
    id = id or str(uuid.uuid4())
    correlation_id = (cause.correlation_id or cause.message_id) if cause else id
    headers = {"causation_id": cause.message_id} if cause else {}
    history = {"message_id": id, "correlation_id": correlation_id, "headers": headers}
    properties = pika.BasicProperties(type=kind, content_type="application/json", delivery_mode=2, **history)
    return properties, json.dumps(data).encode()


# Taught in labs/21-messages-not-objects.ipynb, cell 21-056: A reader that bears what comes
def park(ch, properties, body, reason):
    """Put a message into the queue `parked`, as it came, with the reason in the header `reason`."""
    properties.headers = {**(properties.headers or {}), "reason": reason}
    ch.queue_declare("parked", durable=True)
    ch.basic_publish("", "parked", body, properties)


# Taught in labs/21-messages-not-objects.ipynb, cell 21-059: A reader that bears what comes
def read(body):
    """The data of a message, a dict; None when its body is no JSON object that Python can read."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


# Taught in labs/21-messages-not-objects.ipynb, cell 21-062: Exercise 21.1: receive
def receive(ch, queue, handlers):
    """Handle or park each message that waits in `queue`, and return how many were handled.

    handlers: type -> (function(data), the names of the fields that it needs).
    What a function raises comes out, and its message is not acknowledged.
    """
    handled = 0
    while (got := ch.basic_get(queue))[0]:
        method, properties, body = got
        data, (function, needs) = read(body), handlers.get(properties.type, (None, ()))
        if function is None:
            park(ch, properties, body, f"unknown type {properties.type}")
        elif data is None:
            park(ch, properties, body, "the body is no JSON object")
        elif missing := [field for field in needs if field not in data]:
            park(ch, properties, body, f"missing {', '.join(missing)}")
        else:
            function(data)
            handled += 1
        ch.basic_ack(method.delivery_tag)
    return handled


# How many values each prediction has: `predict` says so when another number is given.
PREDICTED = {
    "21.p1": 3,
    "21.p2": 2,
}
