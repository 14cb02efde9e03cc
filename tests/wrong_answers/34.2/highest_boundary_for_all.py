"""One boundary for all partitions, the highest: offsets of different partitions are compared.

expects: WRONG lost
says: order 4
"""


def on_event(event, position, boundary, effects):
    partition, offset = position
    if event["type"] == "placed" and offset >= max(boundary.values()):
        effects.mail(event["customer"], f"order {event['order']} received")
