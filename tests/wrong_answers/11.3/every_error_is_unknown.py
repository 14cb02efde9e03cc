"""Takes every exception for an open question, also an answer that says no.

expects: WRONG untruthful
says: WRONGTYPE
says: mail-7: reported unknown, and it was refused
"""


import redis


def enqueue_truthfully(r, raw):
    try:
        r.lpush("jobs", raw)
    except redis.RedisError:
        return "unknown"
    return "accepted"
