"""Mails for each event of an order, not for the order.

expects: WRONG duplicated
says: 3 times
"""


def on_event(event, position, boundary, effects):
    partition, offset = position
    if offset >= boundary.get(partition, 0):
        effects.mail(event["customer"], f"order {event['order']} received")
