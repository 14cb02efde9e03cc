"""Parks what fails once: every hiccup of a provider costs an order.

expects: WRONG
says: the work on order 2 was tried once, and should have been 3 times
"""

from workbook.taught.lab25 import park



def try_or_park(ch, got, work, limit):
    try:
        work(got[2])
    except Exception as error:
        park(ch, got, repr(error), 1)
    else:
        ch.basic_ack(got[0].delivery_tag)
