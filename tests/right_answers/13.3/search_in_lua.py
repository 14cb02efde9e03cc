"""Registered scripts; the redrive searches in Lua."""


import json

from workbook.taught.lab13 import after_failure, delay

FAIL = '''
if redis.call('LREM', KEYS[1], -1, ARGV[1]) == 0 then return false end
return redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
'''

FIND = '''
for _, raw in ipairs(redis.call('ZRANGE', 'dead', 0, -1)) do
    if cjson.decode(raw).id == ARGV[1] then return raw end
end
return false
'''

BACK = '''
if redis.call('ZREM', 'dead', ARGV[1]) == 0 then return 0 end
return redis.call('LPUSH', 'jobs', ARGV[2])
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
        raw = self.r.register_script(FIND)(args=[id])
        if raw is None:
            return False
        todo = json.loads(raw)
        for key in ("attempts", "first", "last", "reason"):
            del todo[key]
        return self.r.register_script(BACK)(args=[raw, json.dumps(todo)]) > 0
