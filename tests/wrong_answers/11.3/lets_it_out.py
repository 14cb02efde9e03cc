"""Expects time-outs only; a lost connection comes out as an exception.

expects: YOUR CODE RAISED
says: ConnectionError
says: no connection could be made
"""


import redis


def enqueue_truthfully(r, raw):
    try:
        r.lpush("jobs", raw)
    except redis.ResponseError:
        return "refused"
    except redis.TimeoutError:
        return "unknown"
    return "accepted"
