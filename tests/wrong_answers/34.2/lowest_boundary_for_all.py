"""One boundary for all partitions, the lowest.

expects: WRONG lost duplicated
says: order 10
"""


def on_event(event, position, boundary, effects):
    partition, offset = position
    if event["type"] == "placed" and offset >= min(boundary.values(), default=0):
        effects.mail(event["customer"], f"order {event['order']} received")
