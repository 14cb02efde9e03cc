"""Mails what was placed within the last hour: an order that waited longer never gets its mail.

expects: WRONG lost
says: lost: 11 of 19 orders
"""

import time


def on_event(event, position, boundary, effects):
    if event["type"] == "placed" and time.time() - event["at"] < 3600:
        effects.mail(event["customer"], f"order {event['order']} received")
