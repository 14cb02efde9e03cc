"""Acknowledges in a finally whatever has been dealt with already: the broker closes the channel.

expects: WRONG
says: the consumer's channel was closed: raised ChannelClosedByBroker
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
            ch.basic_reject(got[0].delivery_tag, requeue=True)
        else:
            park(ch, got, repr(error), attempts + 1)
    else:
        ch.basic_ack(got[0].delivery_tag)
    finally:
        ch.basic_ack(got[0].delivery_tag)
