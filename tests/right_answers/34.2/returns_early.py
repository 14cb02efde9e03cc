"""Returns early, once for each reason to send nothing."""


def on_event(event, position, boundary, effects):
    partition, offset = position
    if event["type"] != "placed":
        return
    handled = boundary[partition] if partition in boundary else 0
    if offset < handled:
        return
    effects.mail(event["customer"], "your order")
