"""A queue for each replica beside that of the service: nobody reads it when the replica is gone.

expects: WRONG leaked
says: a service has one queue, however often it is started
"""

import uuid


def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    for queue in (service, f"{service}-{uuid.uuid4()}"):
        ch.queue_declare(queue, durable=True)
        for key in keys:
            ch.queue_bind(queue, "events", key)
