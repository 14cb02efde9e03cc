"""Pushes always, and cuts the list to its length: the job that has waited longest is dropped, and nobody is told.

expects: WRONG lost
says: lost: 1 of 4 jobs: invoice-1
says: invoice-4 was accepted
"""


def offer(r, raw, limit):
    r.lpush("jobs", raw)
    r.ltrim("jobs", 0, limit - 1)
    return True
