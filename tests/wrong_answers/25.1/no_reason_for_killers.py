"""Parks what has killed its consumers without a word about it.

expects: WRONG
says: order 6 is parked with the header reason ''
says: must hold: the header reason says in a text why it was parked
"""

from workbook.taught.lab25 import park



def try_or_park(ch, got, work, limit):
    attempts = (got[1].headers or {}).get("x-delivery-count", 0)
    if attempts >= limit:
        return park(ch, got, "", attempts)
    try:
        work(got[2])
    except Exception as error:
        if attempts + 1 < limit:
            ch.basic_reject(got[0].delivery_tag, requeue=True)
        else:
            park(ch, got, repr(error), attempts + 1)
    else:
        ch.basic_ack(got[0].delivery_tag)
