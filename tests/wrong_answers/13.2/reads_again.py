"""Packs the job anew on the way: other keys, another order.

expects: WRONG changed
says: jobs are moved as they are
"""


import json

MOVE = '''
if redis.call('ZREM', 'retry', ARGV[1]) == 1 then
    redis.call('LPUSH', 'jobs', ARGV[2])
    return 1
end
return 0
'''


def move_due(r, now):
    moved = 0
    for raw in r.zrange("retry", "-inf", now, byscore=True):
        moved += r.eval(MOVE, 0, raw, json.dumps(json.loads(raw), sort_keys=True, separators=(",", ":")))
    return moved
