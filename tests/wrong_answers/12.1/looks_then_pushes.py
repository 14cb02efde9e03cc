"""Looks, then pushes: two checkouts see the same room.

expects: WRONG
says: 4 jobs wait in jobs, the limit is 3
says: while checkout 1 stood before operation 2
"""

import redis


def offer(r, raw, limit):
    if r.llen("jobs") >= limit:
        return False
    try:
        r.lpush("jobs", raw)
    except redis.OutOfMemoryError:
        return False
    return True
