"""Parks a copy, and does not acknowledge what it was handed.

expects: WRONG duplicated
says: order 2 is in parked and in the queue again
"""

def park(ch, got, reason, attempts):
    got[1].headers = {**(got[1].headers or {}), "reason": reason, "attempts": attempts}
    ch.basic_publish("", "parked", got[2], got[1], mandatory=True)



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
            park(ch, got, repr(error), attempts + 1)
    else:
        ch.basic_ack(got[0].delivery_tag)
