"""Binds the first key, as if there were never a second one.

expects: WRONG lost
says: invoices needs order.placed 1, and has not got it
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True)
    ch.queue_bind(service, "events", keys[0])
