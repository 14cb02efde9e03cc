"""Takes it for granted that a message has headers, if not this one.

expects: YOUR CODE RAISED
says: given: try_or_park(ch, got, work, 3) with b'order 1'
"""

from workbook.taught.lab25 import park


def try_or_park(ch, got, work, limit):
    delivery, properties, body = got
    attempts = properties.headers.get("x-delivery-count", 0)
    if attempts >= limit:
        return park(ch, got, "its consumers died", attempts)
    try:
        work(body)
    except Exception as error:
        if attempts + 1 < limit:
            ch.basic_reject(delivery.delivery_tag, requeue=True)
        else:
            park(ch, got, repr(error), attempts + 1)
    else:
        ch.basic_ack(delivery.delivery_tag)
