"""Reads the job and writes it anew: other bytes, which nobody finds who looks for those of the checkout.

expects: WRONG
says: pushed on the left of jobs, as it is
"""

import redis

SCRIPT = """
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('LPUSH', KEYS[1], ARGV[1])
return 1
"""


def offer(r, raw, limit):
    import json

    try:
        return r.eval(SCRIPT, 1, "jobs", json.dumps(json.loads(raw)), limit) == 1
    except redis.OutOfMemoryError:
        return False
