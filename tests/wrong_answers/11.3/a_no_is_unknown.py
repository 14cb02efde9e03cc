"""Asks first whether somebody is there, and then takes every exception for an open question: also a plain no.

expects: WRONG untruthful
says: WRONGTYPE
says: hint 2 of 3
"""


import redis


def enqueue_truthfully(r, raw):
    try:
        r.ping()
    except redis.RedisError:
        return "refused"
    try:
        r.lpush("jobs", raw)
    except redis.RedisError:
        return "unknown"
    return "accepted"
