"""Has the limit of the example written into it.

expects: WRONG
says: the limit is the one that this call was given
"""

import redis

SCRIPT = """
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('LPUSH', KEYS[1], ARGV[1])
return 1
"""


def offer(r, raw, limit):
    try:
        return r.eval(SCRIPT, 1, "jobs", raw, 3) == 1
    except redis.OutOfMemoryError:
        return False
