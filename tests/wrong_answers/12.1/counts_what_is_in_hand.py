"""Counts what the workers have in hand too: with many workers it refuses while hardly anything waits.

expects: WRONG
says: it is in processing:worker 1 now
says: when a job was taken there is room again
"""

import redis

SCRIPT = """
local left = redis.call('LLEN', KEYS[1])
for _, name in ipairs(redis.call('KEYS', 'processing:*')) do left = left + redis.call('LLEN', name) end
if left >= tonumber(ARGV[2]) then return 0 end
redis.call('LPUSH', KEYS[1], ARGV[1])
return 1
"""


def offer(r, raw, limit):
    try:
        return r.eval(SCRIPT, 1, "jobs", raw, limit) == 1
    except redis.OutOfMemoryError:
        return False
