"""Looks afterwards, and believes only what it finds: what is not there may have been taken, or come later."""


import redis


def enqueue_truthfully(r, raw):
    try:
        r.ping()
    except redis.RedisError:
        return "refused"
    try:
        with r.pipeline(transaction=True) as pipe:
            pipe.lpush("jobs", raw)
            pipe.execute()
        return "accepted"
    except redis.ResponseError:
        return "refused"
    except redis.RedisError:
        pass
    try:
        return "accepted" if r.lpos("jobs", raw) is not None else "unknown"
    except redis.RedisError:
        return "unknown"
