"""Binds for everything, and filters in a consumer: when that is gone, the queue has everything.

expects: WRONG unwanted
says: its binding # takes it
"""


def bind_all(ch):
    for service in ("invoices", "contracts", "fraudscore", "support", "partners"):
        ch.queue_declare(service, durable=True)
        ch.queue_bind(service, "events", "#")
        ch.basic_consume(service, lambda ch, method, properties, body: keep_or_drop(ch, method))


def keep_or_drop(ch, method):
    if method.routing_key.startswith("order."):
        return
    ch.basic_ack(method.delivery_tag)
