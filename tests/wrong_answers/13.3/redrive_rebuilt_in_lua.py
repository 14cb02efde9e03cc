"""Rebuilds the job with cjson: an empty list becomes {}, a large number is rounded.

expects: WRONG
says: it differs in args
"""


import json

from workbook.taught.lab13 import after_failure, delay

FAIL = '''
if redis.call('LREM', KEYS[1], -1, ARGV[1]) == 0 then return false end
return redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
'''

REDRIVE = '''
for _, raw in ipairs(redis.call('ZRANGE', 'dead', 0, -1)) do
    local todo = cjson.decode(raw)
    if todo.id == ARGV[1] then
        for _, key in ipairs({'attempts', 'first', 'last', 'reason'}) do todo[key] = nil end
        redis.call('ZREM', 'dead', raw)
        redis.call('LPUSH', 'jobs', cjson.encode(todo))
        return 1
    end
end
return 0
'''


class Failures:
    def __init__(self, r, most=10):
        self.r, self.most = r, most

    def fail(self, worker, raw, error, now, rng):
        todo = after_failure(raw, error, now)
        hopeless = "id" not in todo or todo["attempts"] >= self.most
        place = "dead" if hopeless else "retry"
        score = now if hopeless else now + delay(todo["attempts"], rng)
        keys, args = [f"processing:{worker}", place], [raw, json.dumps(todo), score]
        return self.r.register_script(FAIL)(keys=keys, args=args) is not None

    def redrive(self, id):
        return bool(self.r.register_script(REDRIVE)(args=[id]))
