"""The script finds and removes, the push comes after it: Sidekiq's poller.

expects: WRONG lost
says: was killed after its EVAL
"""


POP = """
local due = redis.call('ZRANGE', 'retry', '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, 1)
if due[1] then redis.call('ZREM', 'retry', due[1]) end
return due[1]
"""


def move_due(r, now):
    moved = 0
    while (raw := r.eval(POP, 0, now)) is not None:
        r.lpush("jobs", raw)
        moved += 1
    return moved
