"""Mails on the replay, too.

expects: WRONG duplicated
says: duplicated: 8 of 19 orders
"""


def on_event(event, position, boundary, effects):
    if event["type"] == "placed":
        effects.mail(event["customer"], f"order {event['order']} received")
