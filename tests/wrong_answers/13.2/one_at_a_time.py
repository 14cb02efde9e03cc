"""Moves one job a call.

expects: WRONG
says: is still in retry
"""


MOVE = '''
local due = redis.call('ZRANGE', 'retry', '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, 1)
for _, raw in ipairs(due) do
    redis.call('LPUSH', 'jobs', raw)
    redis.call('ZREM', 'retry', raw)
end
return #due
'''


def move_due(r, now):
    return r.eval(MOVE, 0, now)
