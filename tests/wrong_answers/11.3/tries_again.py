"""Sends the job again until an answer comes.

expects: WRONG duplicated
says: one call pushes at most one job
"""


import redis


def enqueue_truthfully(r, raw):
    try:
        r.ping()
    except redis.RedisError:
        return "refused"
    for _ in range(3):
        try:
            r.lpush("jobs", raw)
            return "accepted"
        except redis.ResponseError:
            return "refused"
        except redis.RedisError:
            pass
    return "unknown"
