"""Keeps a counter of its own, which no worker counts down: once full, it refuses for ever.

expects: WRONG
says: there was a change in Redis: accepted
"""


def offer(r, raw, limit):
    if r.incr("accepted") > limit:
        return False
    r.lpush("jobs", raw)
    return True
