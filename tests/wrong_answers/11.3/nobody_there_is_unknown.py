"""Tells Redis's errors apart, but not whether the job has left.

expects: WRONG untruthful
says: no connection could be made
says: hint 3 of 3
"""


import redis


def enqueue_truthfully(r, raw):
    try:
        r.lpush("jobs", raw)
    except redis.ResponseError:
        return "refused"
    except redis.RedisError:
        return "unknown"
    return "accepted"
