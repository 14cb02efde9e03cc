"""Tries for a while before it refuses: the customer waits with it.

expects: WRONG
says: it sent EVAL 20 times
says: offer does not wait for room
"""

import redis

SCRIPT = """
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('LPUSH', KEYS[1], ARGV[1])
return 1
"""


def offer(r, raw, limit):
    import time

    try:
        for _ in range(20):
            if r.eval(SCRIPT, 1, "jobs", raw, limit) == 1:
                return True
            time.sleep(0.01)
        return False
    except redis.OutOfMemoryError:
        return False
