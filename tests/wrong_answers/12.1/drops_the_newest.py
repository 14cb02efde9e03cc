"""Pushes and cuts at the other end: what was accepted a moment ago is gone.

expects: WRONG lost
says: lost: 1 of 4 jobs: invoice-4
"""


def offer(r, raw, limit):
    r.lpush("jobs", raw)
    r.ltrim("jobs", -limit, -1)
    return True
