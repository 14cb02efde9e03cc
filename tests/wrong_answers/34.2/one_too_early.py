"""Takes the boundary for the last one handled, and goes one back to be sure.

expects: WRONG duplicated
says: duplicated: 2 of 19 orders
"""


def on_event(event, position, boundary, effects):
    partition, offset = position
    if event["type"] == "placed" and offset + 3 >= boundary.get(partition, 0):
        effects.mail(event["customer"], f"order {event['order']} received")
