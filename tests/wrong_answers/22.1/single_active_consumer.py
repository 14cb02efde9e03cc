"""Lets one replica at a time have the events, for the sake of their order.

expects: WRONG starved
says: one replica works, and the other one gets nothing
says: hint 1 of 3
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True, arguments={"x-single-active-consumer": True})
    for key in keys:
        ch.queue_bind(service, "events", key)
