"""Looks at the count only when the work has raised: what kills its consumer never gets there.

expects: WRONG starved
says: order 6 has killed 3 consumers meanwhile
"""

from workbook.taught.lab25 import park



def try_or_park(ch, got, work, limit):
    attempts = (got[1].headers or {}).get("x-delivery-count", 0) + 1
    try:
        work(got[2])
    except Exception as error:
        if attempts < limit:
            ch.basic_reject(got[0].delivery_tag, requeue=True)
        else:
            park(ch, got, repr(error), attempts)
    else:
        ch.basic_ack(got[0].delivery_tag)
