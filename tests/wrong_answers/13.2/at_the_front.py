"""Pushes to the side where jobs are taken: retries overtake what waits.

expects: WRONG reordered
says: moved jobs come behind what waits in jobs
"""


MOVE = '''
local due = redis.call('ZRANGE', 'retry', '-inf', ARGV[1], 'BYSCORE')
for _, raw in ipairs(due) do
    redis.call('RPUSH', 'jobs', raw)
    redis.call('ZREM', 'retry', raw)
end
return #due
'''


def move_due(r, now):
    return r.eval(MOVE, 0, now)
