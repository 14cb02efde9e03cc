"""Reads the due jobs backwards.

expects: WRONG reordered
says: the one that was due first is taken first
"""


MOVE = '''
local due = redis.call('ZRANGE', 'retry', ARGV[1], '-inf', 'BYSCORE', 'REV')
for _, raw in ipairs(due) do
    redis.call('LPUSH', 'jobs', raw)
    redis.call('ZREM', 'retry', raw)
end
return #due
'''


def move_due(r, now):
    return r.eval(MOVE, 0, now)
