"""The queue of the tutorial: it belongs to one connection.

expects: WRONG lost
says: every service had been started once, and had gone home
says: the queue 'invoices' was there, and is gone
says: hint 2 of 3
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True, exclusive=True)
    for key in keys:
        ch.queue_bind(service, "events", key)
