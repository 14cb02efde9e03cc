"""Acknowledges first, then publishes to the parking queue: killed between the two, nobody has it.

expects: WRONG lost
says: killed after its
says: hint 2 of 3
"""

import pika


def park(ch, got, reason, attempts):
    headers = {**(got[1].headers or {}), "reason": reason, "attempts": attempts}
    properties = pika.BasicProperties(**{**vars(got[1]), "headers": headers})
    ch.basic_ack(got[0].delivery_tag)
    ch.basic_publish("", "parked", got[2], properties, mandatory=True)



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
