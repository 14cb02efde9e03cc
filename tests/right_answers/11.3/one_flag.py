"""A flag that says whether the job has left, and a Lua script that pushes."""


import redis

PUSH = "return redis.call('LPUSH', KEYS[1], ARGV[1])"


def enqueue_truthfully(r, raw):
    left = False
    try:
        r.llen("other")
        left = True
        r.eval(PUSH, 1, "jobs", raw)
    except redis.ResponseError:
        return "refused"
    except redis.RedisError:
        return "unknown" if left else "refused"
    return "accepted"
