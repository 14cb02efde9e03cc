"""Writes a log in the same try: an error of the log is told as one of the job.

expects: WRONG untruthful
says: under log, which the answer writes too, stood a text
says: mail-7: reported refused, and a queue has it
"""


import redis


def enqueue_truthfully(r, raw):
    try:
        r.ping()
    except redis.RedisError:
        return "refused"
    try:
        r.lpush("jobs", raw)
        r.lpush("log", raw)
    except redis.ResponseError:
        return "refused"
    except redis.RedisError:
        return "unknown"
    return "accepted"
