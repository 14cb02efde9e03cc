"""Has no answer for a partition that the old service never committed.

expects: YOUR CODE RAISED
says: KeyError
says: no boundary there
"""


def on_event(event, position, boundary, effects):
    partition, offset = position
    if event["type"] == "placed" and offset >= boundary[partition]:
        effects.mail(event["customer"], f"order {event['order']} received")
