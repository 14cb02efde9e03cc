"""Thinks that a lost connection is open, and a time-out a no: the job comes later.

expects: WRONG untruthful
says: Redis froze
says: a job may arrive long after its sender has given up
"""


import redis


def enqueue_truthfully(r, raw):
    try:
        r.ping()
    except redis.RedisError:
        return "refused"
    try:
        r.lpush("jobs", raw)
    except (redis.ResponseError, redis.TimeoutError):
        return "refused"
    except redis.RedisError:
        return "unknown"
    return "accepted"
