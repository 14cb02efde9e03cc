"""Takes a lock and gives it back at the end: a scheduler that dies with it stops all others for ever.

expects: WRONG
says: the next call moves what a dead scheduler left
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
    if not r.set("scheduler", "busy", nx=True):
        return 0
    moved = r.eval(MOVE, 0, now)
    r.delete("scheduler")
    return moved
