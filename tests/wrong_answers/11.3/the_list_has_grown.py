"""Takes a list that has grown for its own push.

expects: WRONG untruthful
says: another checkout had pushed mail-6
says: mail-7: reported accepted, and no queue has it
"""


import redis


def enqueue_truthfully(r, raw):
    try:
        before = r.llen("jobs")
    except redis.ResponseError:
        return "refused"
    except redis.RedisError:
        return "refused"
    try:
        r.lpush("jobs", raw)
    except redis.ResponseError:
        return "refused"
    except redis.RedisError:
        try:
            return "accepted" if r.llen("jobs") > before else "unknown"
        except redis.RedisError:
            return "unknown"
    return "accepted"
