"""A script for each job: it pushes only what it could remove, and says whether it did."""


MOVE = '''
local removed = redis.call('ZREM', KEYS[1], ARGV[1])
if removed == 1 then redis.call('LPUSH', KEYS[2], ARGV[1]) end
return removed
'''


def move_due(r, now):
    move = r.register_script(MOVE)
    return sum(move(keys=["retry", "jobs"], args=[raw]) for raw in r.zrangebyscore("retry", "-inf", now))
