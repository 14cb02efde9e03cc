"""Has the broker throw away events that are older than an hour.

expects: WRONG
says: queue 'invoices': what waits there is thrown away after a while
"""

def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True, arguments={"x-message-ttl": 3_600_000})
    for key in keys:
        ch.queue_bind(service, "events", key)
