"""A queue for each key, and none that has the service's name.

expects: WRONG lost
says: while invoices was running there was no queue 'invoices' either
says: hint 1 of 3
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    for key in keys:
        ch.queue_declare(f"{service}.{key}", durable=True)
        ch.queue_bind(f"{service}.{key}", "events", key)
