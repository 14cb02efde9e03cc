"""Counts what is due before it moves: two schedulers count the same jobs.

expects: WRONG
says: each moved job is counted by the scheduler that moved it
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
    due = r.zcount("retry", "-inf", now)
    r.eval(MOVE, 0, now)
    return due
