"""Gives back whatever fails, and never counts.

expects: WRONG starved
says: order 2 was delivered
says: hint 1 of 3
"""

def try_or_park(ch, got, work, limit):
    try:
        work(got[2])
    except Exception:
        ch.basic_reject(got[0].delivery_tag, requeue=True)
    else:
        ch.basic_ack(got[0].delivery_tag)
