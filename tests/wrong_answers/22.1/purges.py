"""Empties the queue at the start: old events are of no interest, it thinks.

expects: WRONG lost
says: two replicas of each service were started while events waited
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True)
    ch.queue_purge(service)
    for key in keys:
        ch.queue_bind(service, "events", key)
