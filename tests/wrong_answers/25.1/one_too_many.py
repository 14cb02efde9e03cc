"""Takes the count of the times a message has come back for the number of its attempts.

expects: WRONG
says: the work on order 2 was tried 4 times, and should have been 3 times
"""

from workbook.taught.lab25 import park



def try_or_park(ch, got, work, limit):
    attempts = (got[1].headers or {}).get("x-delivery-count", 0)
    try:
        work(got[2])
    except Exception as error:
        if attempts < limit:
            ch.basic_reject(got[0].delivery_tag, requeue=True)
        else:
            park(ch, got, repr(error), attempts)
    else:
        ch.basic_ack(got[0].delivery_tag)
