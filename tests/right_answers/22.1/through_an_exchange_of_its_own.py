"""An exchange of the service between `events` and its queue: bindings between exchanges choose, the queue takes all.
"""

def subscribe(ch, service, *keys):
    own = f"for {service}"
    ch.exchange_declare("events", "topic", durable=True)
    ch.exchange_declare(own, "fanout", durable=True)
    for key in keys:
        ch.exchange_bind(own, "events", key)
    ch.queue_declare(service, durable=True)
    ch.queue_bind(service, own)
