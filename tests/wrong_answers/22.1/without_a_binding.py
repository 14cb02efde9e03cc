"""Declares both ends, and nothing between them.

expects: WRONG lost
says: invoices needs order.placed 1, and has not got it
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True)
