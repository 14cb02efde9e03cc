"""Makes a client of its own, as it comes: that one sends again by itself.

expects: WRONG duplicated
says: one call pushes at most one job
"""


import redis


def enqueue_truthfully(r, raw):
    kept = ("host", "port", "db")
    options = {key: value for key, value in r.connection_pool.connection_kwargs.items() if key in kept}
    try:
        r.ping()
    except redis.RedisError:
        return "refused"
    try:
        redis.Redis(**options).lpush("jobs", raw)
    except redis.ResponseError:
        return "refused"
    except redis.RedisError:
        return "unknown"
    return "accepted"
