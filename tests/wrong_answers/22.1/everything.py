"""Binds everything: the service can throw away what it has no need of.

expects: WRONG unwanted
says: and no need of it
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True)
    ch.queue_bind(service, "events", "#")
