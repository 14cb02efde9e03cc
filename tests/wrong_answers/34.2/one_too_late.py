"""Takes the committed offset for the last one handled: the event at the boundary gets no mail.

expects: WRONG lost
says: lost: 1 of 19 orders: order 4
says: partition 0, offset 9; boundary 9 there
"""


def on_event(event, position, boundary, effects):
    partition, offset = position
    if event["type"] == "placed" and offset > boundary.get(partition, -1):
        effects.mail(event["customer"], f"order {event['order']} received")
