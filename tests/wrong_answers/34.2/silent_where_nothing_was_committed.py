"""Takes a partition without a boundary for one that needs no mails.

expects: WRONG lost
says: order 10
"""


def on_event(event, position, boundary, effects):
    partition, offset = position
    if event["type"] == "placed" and partition in boundary and offset >= boundary[partition]:
        effects.mail(event["customer"], f"order {event['order']} received")
