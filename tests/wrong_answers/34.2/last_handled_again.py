"""Begins at the last event that the old service handled: its mail leaves a second time.

expects: WRONG duplicated
says: duplicated: 1 of 19 orders: order 19
says: partition 1, offset 12; boundary 13 there
"""


def on_event(event, position, boundary, effects):
    partition, offset = position
    if event["type"] == "placed" and offset >= boundary.get(partition, 0) - 1:
        effects.mail(event["customer"], f"order {event['order']} received")
