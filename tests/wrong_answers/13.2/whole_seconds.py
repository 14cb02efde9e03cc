"""Cuts the time to whole seconds: what is due in this one waits.

expects: WRONG
says: is still in retry
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
    return r.eval(MOVE, 0, int(now))
