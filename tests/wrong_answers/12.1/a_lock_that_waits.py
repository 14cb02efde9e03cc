"""Waits for a lock, which a checkout that was killed never gives back.

expects: WRONG
says: the checkout was killed after its SET; there was still room for one
says: offer does not wait, neither for room nor for another checkout
"""

import redis


def offer(r, raw, limit):
    try:
        with r.lock("offer", timeout=60):
            if r.llen("jobs") >= limit:
                return False
            r.lpush("jobs", raw)
            return True
    except redis.OutOfMemoryError:
        return False
