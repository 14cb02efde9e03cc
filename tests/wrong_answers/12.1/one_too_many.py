"""At the limit there is still room for one.

expects: WRONG
says: 4 jobs wait in jobs, the limit is 3
"""

SCRIPT = """
if redis.call('LLEN', KEYS[1]) > tonumber(ARGV[2]) then return 0 end
redis.call('LPUSH', KEYS[1], ARGV[1])
return 1
"""


def offer(r, raw, limit):
    return r.eval(SCRIPT, 1, "jobs", raw, limit) == 1
