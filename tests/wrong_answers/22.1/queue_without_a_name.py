"""Lets the broker name the queue: each replica has one of its own, and the service none.

expects: WRONG lost
says: while invoices was running there was no queue 'invoices' either
says: hint 1 of 3
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    queue = ch.queue_declare("", exclusive=True).method.queue
    for key in keys:
        ch.queue_bind(queue, "events", key)
