"""Acknowledges first, and puts the message back itself when parking fails: not when it is killed.

expects: WRONG lost
says: killed after its basic.ack
says: hint 2 of 3
"""

from pika.exceptions import AMQPError


def park(ch, got, reason, attempts):
    got[1].headers = {**(got[1].headers or {}), "reason": reason, "attempts": attempts}
    ch.basic_ack(got[0].delivery_tag)
    try:
        ch.basic_publish("", "parked", got[2], got[1], mandatory=True)
    except AMQPError:
        ch.basic_publish("", got[0].routing_key, got[2], got[1], mandatory=True)
        raise



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
