"""Keeps the limit, and lets the exception of a full Redis out: the checkout fails, though the answer is known.

expects: YOUR CODE RAISED
says: Redis had no memory left
says: OutOfMemoryError
"""

SCRIPT = """
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('LPUSH', KEYS[1], ARGV[1])
return 1
"""


def offer(r, raw, limit):
    return r.eval(SCRIPT, 1, "jobs", raw, limit) == 1
