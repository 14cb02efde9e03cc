"""Takes the flag `redelivered` for a count: the second delivery is the last one.

expects: WRONG
says: the work on order 2 was tried twice, and should have been 3 times
"""

from workbook.taught.lab25 import park



def try_or_park(ch, got, work, limit):
    try:
        work(got[2])
    except Exception as error:
        if got[0].redelivered:
            park(ch, got, repr(error), limit)
        else:
            ch.basic_reject(got[0].delivery_tag, requeue=True)
    else:
        ch.basic_ack(got[0].delivery_tag)
