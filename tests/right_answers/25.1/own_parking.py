"""Builds the parked message itself, as a new set of properties, and looks at the count as a number of deliveries.
"""

import pika


def try_or_park(ch, got, work, limit):
    (delivery, before, body), reason = got, "it was given back too often"
    deliveries = int((before.headers or {}).get("x-delivery-count") or 0) + 1
    if deliveries <= limit:
        try:
            work(body)
            return ch.basic_ack(delivery.delivery_tag)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        if deliveries < limit:
            return ch.basic_reject(delivery.delivery_tag, requeue=True)
    properties = pika.BasicProperties(**vars(before))
    properties.headers = {**(before.headers or {}), "reason": reason, "attempts": deliveries if deliveries <= limit else deliveries - 1}
    ch.basic_publish("", "parked", body, properties, mandatory=True)
    ch.basic_ack(delivery.delivery_tag)
