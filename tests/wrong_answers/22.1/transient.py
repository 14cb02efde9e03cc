"""Leaves `durable` to pika, which leaves it out.

expects: WRONG
says: queue 'invoices': it is not durable
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service)
    for key in keys:
        ch.queue_bind(service, "events", key)
