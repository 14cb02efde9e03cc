"""Asks whether the count is the limit: what has had more than that, because the limit was lowered, goes round for ever.

expects: WRONG
says: now the limit is lowered
says: order 8 was delivered 40 times, and still came back
says: hint 1 of 3
"""

from workbook.taught.lab25 import park


def try_or_park(ch, got, work, limit):
    delivery, properties, body = got
    attempts = (properties.headers or {}).get("x-delivery-count", 0)
    if attempts == limit:
        return park(ch, got, "its consumers died", attempts)
    try:
        work(body)
    except Exception as error:
        if attempts + 1 != limit:
            ch.basic_reject(delivery.delivery_tag, requeue=True)
        else:
            park(ch, got, repr(error), attempts + 1)
    else:
        ch.basic_ack(delivery.delivery_tag)
