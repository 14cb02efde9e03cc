"""Says which offsets were handled, as a range, and uses another subject."""


def on_event(event, position, boundary, effects):
    partition, offset = position
    live = offset not in range(boundary.get(partition, 0))
    if live and event["type"] == "placed":
        effects.mail(recipient=event["customer"], subject=f"Thank you for order {event['order']}")
