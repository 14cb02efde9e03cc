"""A queue that deletes itself: tidy, and gone when the last consumer leaves.

expects: WRONG
says: queue 'invoices': it deletes itself when the last one who used it has left
says: events wait for a service for as long as it is away
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True, auto_delete=True)
    for key in keys:
        ch.queue_bind(service, "events", key)
