"""Relies on somebody else to have declared the exchange.

expects: YOUR CODE RAISED
says: ChannelClosedByBroker
says: given: subscribe(ch, 'invoices', 'partner.address_changed', 'order.placed')
"""

def subscribe(ch, service, *keys):
    ch.queue_declare(service, durable=True)
    for key in keys:
        ch.queue_bind(service, "events", key)
