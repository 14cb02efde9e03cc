"""Counts in the process: what kills the process is never counted.

expects: WRONG starved
says: order 6 has killed 3 consumers meanwhile
says: hint 1 of 3
"""

from collections import Counter

from workbook.taught.lab25 import park



failed = Counter()


def try_or_park(ch, got, work, limit):
    try:
        work(got[2])
    except Exception as error:
        failed[got[1].message_id] += 1
        if failed[got[1].message_id] < limit:
            ch.basic_reject(got[0].delivery_tag, requeue=True)
        else:
            park(ch, got, repr(error), failed[got[1].message_id])
    else:
        ch.basic_ack(got[0].delivery_tag)
