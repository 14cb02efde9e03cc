"""What lab 22 teaches, as later labs, workers and benchmarks import it.

Built from solutions/22-publish-subscribe.py by `python3 -m workbook build`: change it there.
"""

import json

# Taught in labs/22-publish-subscribe.ipynb, cell 22-038: Exercise 22.1: subscribe
def subscribe(ch, service, *keys):
    """Make sure that the queue named `service` gets every event with one of these keys, from the exchange `events`.

    Each service gets each of its events once, in one queue of its own, whether it is running or away; replicas of one
    service share that queue. Called at every start, by every replica: what waits in the queue stays there.
    """
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True)
    for key in keys:
        ch.queue_bind(service, "events", key)


# Taught in labs/22-publish-subscribe.ipynb, cell 22-081: Exercise 22.2: catch_up
def catch_up(ch, service, handle):
    """Call `handle(kind, data)` with each event in the queue `service`; return the number handled, as soon as nothing waits.

    kind: the event's type. data: its body, read as JSON. The broker may forget an event when its handle has returned, and
    not before. What handle raises comes out; then that event and all after it are in the queue again.
    """
    count = 0
    while True:
        delivery, properties, body = ch.basic_get(service)
        if delivery is None:
            return count
        try:
            handle(properties.type, json.loads(body))
        except Exception:
            ch.basic_nack(delivery.delivery_tag)
            raise
        ch.basic_ack(delivery.delivery_tag)
        count += 1


# How many values each prediction has: `predict` says so when another number is given.
PREDICTED = {
    "22.p1": 1,
    "22.p2": 2,
    "22.p3": 2,
}
