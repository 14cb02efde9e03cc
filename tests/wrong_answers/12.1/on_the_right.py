"""Pushes on the right: the newest is taken first.

expects: WRONG
says: taken on the right they come as {"id": "invoice-3"
"""

SCRIPT = """
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[1])
return 1
"""


def offer(r, raw, limit):
    return r.eval(SCRIPT, 1, "jobs", raw, limit) == 1
