"""Takes a stream for the queue: it keeps everything, for each reader.

expects: WRONG
says: queue 'invoices' is a stream: nothing is ever taken out of it
says: hint 1 of 3
"""


def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True, arguments={"x-queue-type": "stream"})
    for key in keys:
        ch.queue_bind(service, "events", key)
