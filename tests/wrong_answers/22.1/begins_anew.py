"""Deletes the queue first, to begin with a clean one: with what waits in it.

expects: WRONG lost
says: two replicas of each service were started while events waited
says: hint 3 of 3
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_delete(service)
    ch.queue_declare(service, durable=True)
    for key in keys:
        ch.queue_bind(service, "events", key)
