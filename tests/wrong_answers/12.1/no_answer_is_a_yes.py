"""Says yes when no answer came: the command may never have arrived.

expects: WRONG lost
says: the connection broke before EVAL reached Redis
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
    except redis.OutOfMemoryError:
        return False
    except redis.ConnectionError:
        return True
