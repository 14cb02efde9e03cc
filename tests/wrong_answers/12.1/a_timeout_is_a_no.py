"""Takes a Redis that does not answer in time for a no: it does what it was asked for later.

expects: WRONG phantom
says: Redis stood still
says: invoice-9 was refused, and is in jobs
"""

import redis

SCRIPT = """
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('LPUSH', KEYS[1], ARGV[1])
return 1
"""


def offer(r, raw, limit):
    try:
        return r.eval(SCRIPT, 1, "jobs", raw, limit) == 1
    except (redis.OutOfMemoryError, redis.TimeoutError):
        return False
