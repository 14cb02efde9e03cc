"""Deletes the exchange first, and with it the bindings of everybody else.

expects: WRONG lost
says: every service had been started once, and had gone home
"""

def subscribe(ch, service, *keys):
    ch.exchange_delete("events")
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True)
    for key in keys:
        ch.queue_bind(service, "events", key)
