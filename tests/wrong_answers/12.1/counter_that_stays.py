"""Counts what it accepted, in one step with the push; that workers take jobs away it never learns.

expects: WRONG
says: invoice-6 was refused
says: when a job was taken there is room again
"""

SCRIPT = """
if tonumber(redis.call('GET', 'accepted') or '0') >= tonumber(ARGV[2]) then return 0 end
redis.call('INCR', 'accepted')
redis.call('LPUSH', KEYS[1], ARGV[1])
return 1
"""


def offer(r, raw, limit):
    return r.eval(SCRIPT, 1, "jobs", raw, limit) == 1
