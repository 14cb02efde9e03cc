"""Takes a time-out for a slow yes: the push has been sent, after all.

expects: WRONG untruthful
says: the network went dead
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
        return "accepted"
    except redis.ConnectionError:
        return "unknown"
    return "accepted"
