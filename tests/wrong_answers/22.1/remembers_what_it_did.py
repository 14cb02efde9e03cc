"""Remembers in the process for which services it was called.

expects: WRONG lost
says: Invoices had asked for one key more, 'parcel.sent'
"""

done = set()


def subscribe(ch, service, *keys):
    if service in done:
        return
    done.add(service)
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True)
    for key in keys:
        ch.queue_bind(service, "events", key)
