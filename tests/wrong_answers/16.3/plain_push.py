"""Pushes, and hopes.

expects: WRONG duplicated
says: mail-7 is 3 times in jobs
"""


def enqueue_once(r, raw, keep=604_800):
    r.lpush("jobs", raw)
    return True
