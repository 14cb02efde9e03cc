"""Pushes on the right: the newest job overtakes all others.

expects: WRONG
says: the job is pushed on the left of jobs
"""


import redis


def enqueue_truthfully(r, raw):
    try:
        r.ping()
    except redis.RedisError:
        return "refused"
    try:
        r.rpush("jobs", raw)
    except redis.ResponseError:
        return "refused"
    except redis.RedisError:
        return "unknown"
    return "accepted"
