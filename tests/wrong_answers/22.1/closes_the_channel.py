"""Tidies up what is not its own: the channel that it was given.

expects: WRONG
says: when subscribe had returned, its channel was closed
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True)
    for key in keys:
        ch.queue_bind(service, "events", key)
    ch.close()
