"""Looks whether the job is in the list when no answer came: a worker may have taken it, or it may come later.

expects: WRONG untruthful
says: mail-7: reported refused, and a queue has it
"""


import redis


def enqueue_truthfully(r, raw):
    try:
        r.ping()
    except redis.RedisError:
        return "refused"
    try:
        r.lpush("jobs", raw)
    except redis.ResponseError:
        return "refused"
    except redis.RedisError:
        try:
            return "accepted" if raw in r.lrange("jobs", 0, -1) else "refused"
        except redis.RedisError:
            return "unknown"
    return "accepted"
