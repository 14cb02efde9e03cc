"""Thinks that only a time-out is open, and a lost connection a no.

expects: WRONG untruthful
says: Redis had it, and its answer was lost
"""


import redis


def enqueue_truthfully(r, raw):
    try:
        r.lpush("jobs", raw)
    except redis.TimeoutError:
        return "unknown"
    except redis.RedisError:
        return "refused"
    return "accepted"
