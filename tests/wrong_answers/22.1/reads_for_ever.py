"""Begins to read, and never returns to the service that has called it.

expects: WRONG
says: stuck: subscribe(ch, 'invoices', 'partner.address_changed', 'order.placed') had not returned after 3 s
"""


def subscribe(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True)
    for key in keys:
        ch.queue_bind(service, "events", key)
    ch.basic_consume(service, lambda ch, method, *rest: ch.basic_ack(method.delivery_tag))
    ch.start_consuming()
