"""Parks with the number of times that the message came back, one less than its attempts.

expects: WRONG
says: order 2 is parked with the header attempts 2; it was 3 times tried
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
            park(ch, got, repr(error), attempts)
    else:
        ch.basic_ack(got[0].delivery_tag)
