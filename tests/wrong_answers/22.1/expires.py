"""Has the broker delete a queue that was not used for an hour: one night is longer.

expects: WRONG
says: queue 'invoices': it is deleted when nobody has used it for a while
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True, arguments={"x-expires": 3_600_000})
    for key in keys:
        ch.queue_bind(service, "events", key)
