"""A lost connection after the push: it will have arrived, it nearly always does.

expects: WRONG untruthful
says: the connection broke after the job had left, and Redis never got it
says: mail-7: reported accepted, and no queue has it
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
    except redis.TimeoutError:
        return "unknown"
    except redis.ConnectionError:
        return "accepted"
    return "accepted"
