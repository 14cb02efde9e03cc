"""Swallows the error of a full Redis and says yes.

expects: WRONG lost
says: Redis had no memory left
"""

import contextlib

import redis

SCRIPT = """
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('LPUSH', KEYS[1], ARGV[1])
return 1
"""


def offer(r, raw, limit):
    with contextlib.suppress(redis.OutOfMemoryError):
        return r.eval(SCRIPT, 1, "jobs", raw, limit) == 1
    return True
