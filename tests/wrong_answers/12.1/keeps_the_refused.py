"""Puts what it refuses into a second list: refused in word, and it needs memory all the same.

expects: WRONG
says: there was a change in Redis: later
"""

import redis

SCRIPT = """
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[2]) then
    redis.call('LPUSH', 'later', ARGV[1])
    return 0
end
redis.call('LPUSH', KEYS[1], ARGV[1])
return 1
"""


def offer(r, raw, limit):
    try:
        return r.eval(SCRIPT, 1, "jobs", raw, limit) == 1
    except redis.OutOfMemoryError:
        return False
