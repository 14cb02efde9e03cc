"""Goes through an exchange of each start: the same event comes by several ways.

expects: WRONG duplicated
says: every service had been started once, and had gone home
says: hint 1 of 3
"""

import uuid


def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True)
    for key in keys:
        ch.queue_bind(service, "events", key)
    again = f"{service}-{uuid.uuid4()}"
    ch.queue_declare(again, durable=True, arguments={
        "x-message-ttl": 0, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": service})
    for key in keys:
        ch.queue_bind(again, "events", key)
