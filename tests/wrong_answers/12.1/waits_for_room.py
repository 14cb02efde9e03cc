"""Waits until there is room: the customer waits with it.

expects: WRONG
says: had not returned after
"""

import time


def offer(r, raw, limit):
    while r.llen("jobs") >= limit:
        time.sleep(0.01)
    r.lpush("jobs", raw)
    return True
