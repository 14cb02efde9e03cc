"""Keeps the queue and not the exchange.

expects: WRONG
says: Orders declared `events`, durable and of type topic, and was refused
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic")
    ch.queue_declare(service, durable=True)
    for key in keys:
        ch.queue_bind(service, "events", key)
