"""One queue for all services: each event goes to one of them.

expects: WRONG lost
says: while invoices was running there was no queue 'invoices' either
says: hint 1 of 3
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare("events", durable=True)
    for key in keys:
        ch.queue_bind("events", "events", key)
