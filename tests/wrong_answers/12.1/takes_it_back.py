"""Pushes first, and takes the job back when that was one too many: killed in between, it stays.

expects: WRONG
says: the checkout was killed after its LPUSH
says: 4 jobs wait in jobs, the limit is 3
"""

import redis


def offer(r, raw, limit):
    try:
        if r.lpush("jobs", raw) <= limit:
            return True
    except redis.OutOfMemoryError:
        return False
    r.lrem("jobs", 1, raw)
    return False
