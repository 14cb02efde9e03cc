"""Remembers in a variable who got a mail: a new process begins with an empty one.

expects: WRONG duplicated
says: duplicated: 8 of 19 orders
"""


SENT = set()


def on_event(event, position, boundary, effects):
    if event["type"] == "placed" and event["order"] not in SENT:
        SENT.add(event["order"])
        effects.mail(event["customer"], f"order {event['order']} received")
