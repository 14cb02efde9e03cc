"""A replicated queue, which survives more than a restart.
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True, arguments={"x-queue-type": "quorum"})
    for key in reversed(keys):
        ch.queue_bind(service, "events", key)
