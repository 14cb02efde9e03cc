"""Gives back with basic_nack, which RabbitMQ 4.3 no longer counts.

expects: WRONG
says: gave a message back with basic_nack
says: must hold: what goes back is counted, on every version
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
            ch.basic_nack(got[0].delivery_tag)
        else:
            park(ch, got, repr(error), attempts + 1)
    else:
        ch.basic_ack(got[0].delivery_tag)
