"""Reads by rank instead of by score: everything is moved.

expects: WRONG
says: was moved
"""


MOVE = '''
local due = redis.call('ZRANGE', 'retry', 0, -1)
for _, raw in ipairs(due) do
    redis.call('LPUSH', 'jobs', raw)
    redis.call('ZREM', 'retry', raw)
end
return #due
'''


def move_due(r, now):
    return r.eval(MOVE, 0, now)
