"""Begins to consume at once, and automatically: the events are gone before the service is ready to read.

expects: WRONG lost
says: two replicas of each service were started while events waited
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True)
    for key in keys:
        ch.queue_bind(service, "events", key)
    ch.basic_consume(service, lambda *delivery: None, auto_ack=True)
