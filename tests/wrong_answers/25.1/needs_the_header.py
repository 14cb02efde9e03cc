"""Takes the count for granted: on the first delivery some versions leave the header out.

expects: YOUR CODE RAISED
says: given: try_or_park(ch, got, work, 3) with b'order 1'
"""

from workbook.taught.lab25 import park



def try_or_park(ch, got, work, limit):
    attempts = got[1].headers["x-delivery-count"]
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
