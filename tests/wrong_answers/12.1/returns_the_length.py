"""Returns how many wait instead of yes or no.

expects: WRONG
says: offer returned 2
"""

SCRIPT = """
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
return redis.call('LPUSH', KEYS[1], ARGV[1])
"""


def offer(r, raw, limit):
    return r.eval(SCRIPT, 1, "jobs", raw, limit)
