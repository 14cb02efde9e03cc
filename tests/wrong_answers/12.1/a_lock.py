"""Takes a lock, and refuses when another checkout has it: also one that is dead.

expects: WRONG
says: the checkout was killed after its SET; there was still room for one
says: invoice-10 was refused
"""

import redis


def offer(r, raw, limit):
    lock = r.lock("offer", timeout=5, blocking=False)
    try:
        if not lock.acquire():
            return False
        try:
            if r.llen("jobs") >= limit:
                return False
            r.lpush("jobs", raw)
            return True
        finally:
            lock.release()
    except redis.OutOfMemoryError:
        return False
