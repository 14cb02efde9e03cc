"""Unbinds each key before it binds it, to have fresh bindings: in between the service hears of nothing.

expects: WRONG lost
says: its connection broke at its first queue_bind
says: hint 3 of 3
"""


def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True)
    for key in keys:
        ch.queue_unbind(service, "events", key)
        ch.queue_bind(service, "events", key)
