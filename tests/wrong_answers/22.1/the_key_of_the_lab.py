"""Knows the one key of the lab, and does not look at what it is given.

expects: WRONG lost unwanted
says: support has partner.address_changed 1, and no need of it
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True)
    ch.queue_bind(service, "events", "partner.address_changed")
