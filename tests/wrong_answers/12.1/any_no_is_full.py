"""Takes every error that Redis answers with for a full memory: a broken queue looks like a busy one.

expects: WRONG
says: WRONGTYPE
says: every other exception comes out
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
    except redis.ResponseError:
        return False
