"""Rejects for good after the last attempt, on a queue without a dead letter exchange.

expects: WRONG lost
says: hint 2 of 3
"""

from workbook.taught.lab25 import park



def try_or_park(ch, got, work, limit):
    attempts = (got[1].headers or {}).get("x-delivery-count", 0)
    if attempts >= limit:
        return park(ch, got, "its consumers died", attempts)
    try:
        work(got[2])
    except Exception as error:
        if attempts + 1 < limit:
            ch.basic_reject(got[0].delivery_tag, requeue=True)
        else:
            ch.basic_reject(got[0].delivery_tag, requeue=False)
    else:
        ch.basic_ack(got[0].delivery_tag)
