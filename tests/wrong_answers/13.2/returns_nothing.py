"""Moves, and does not say how many.

expects: WRONG
says: it returns how many jobs it moved
"""


MOVE = '''
local due = redis.call('ZRANGE', 'retry', '-inf', ARGV[1], 'BYSCORE')
for _, raw in ipairs(due) do
    redis.call('LPUSH', 'jobs', raw)
    redis.call('ZREM', 'retry', raw)
end
return #due
'''


def move_due(r, now):
    r.eval(MOVE, 0, now)
