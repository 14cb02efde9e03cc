"""Takes every exception for a refusal.

expects: WRONG untruthful
says: Redis had it, and its answer was lost
says: mail-7: reported refused, and a queue has it
"""


import redis


def enqueue_truthfully(r, raw):
    try:
        r.lpush("jobs", raw)
    except redis.RedisError:
        return "refused"
    return "accepted"
