"""Uses a client of the notebook instead of its argument.

expects: WRONG
says: take the client or connection as an argument
"""


import redis

client = redis.Redis()


def take(r, worker, timeout=1):
    return client.blmove("jobs", f"processing:{worker}", timeout, "RIGHT", "LEFT")
