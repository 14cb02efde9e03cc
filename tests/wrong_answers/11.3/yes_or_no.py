"""Answers yes or no.

expects: WRONG
says: enqueue_truthfully returned True
"""


import redis


def enqueue_truthfully(r, raw):
    try:
        r.lpush("jobs", raw)
    except redis.RedisError:
        return False
    return True
