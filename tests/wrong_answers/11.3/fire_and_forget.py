"""Says accepted whatever happens.

expects: WRONG untruthful
says: WRONGTYPE
says: mail-7: reported accepted, and no queue has it
"""


import redis


def enqueue_truthfully(r, raw):
    try:
        r.lpush("jobs", raw)
    except redis.RedisError:
        pass
    return "accepted"
