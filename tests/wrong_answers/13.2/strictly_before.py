"""Only what was due before now, not what is due now.

expects: WRONG
says: mail-1 was due at 1000.5 and is still in retry
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
    return r.eval(MOVE, 0, f"({now}")
