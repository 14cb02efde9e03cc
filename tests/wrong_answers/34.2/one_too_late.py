"""Takes the committed offset for the last one handled: the event at the boundary gets no mail.

expects: WRONG lost
says: lost: 2 of 19 orders
"""


def on_event(event, position, boundary, effects):
    partition, offset = position
    if event["type"] == "placed" and offset > boundary.get(partition, -1):
        effects.mail(event["customer"], f"order {event['order']} received")
