"""The bookkeeping by hand, and a hash from id to dead entry, so that a redrive need not search."""


import json

from workbook.taught.lab13 import delay

FAIL = '''
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
if KEYS[2] == 'dead' and ARGV[4] ~= '' then redis.call('HSET', 'dead by id', ARGV[4], ARGV[2]) end
return 1
'''

REDRIVE = '''
if redis.call('HGET', 'dead by id', ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', 'dead by id', ARGV[1])
redis.call('ZREM', 'dead', ARGV[2])
redis.call('LPUSH', 'jobs', ARGV[3])
return 1
'''


class Failures:
    def __init__(self, r, most=10):
        self.r, self.most = r, most

    def fail(self, worker, raw, error, now, rng):
        try:
            todo = json.loads(raw)
            malformed = not isinstance(todo, dict) or "id" not in todo
        except ValueError:
            malformed = True
        if malformed:
            todo = {"text": raw.decode(errors="replace")}
        todo["attempts"] = todo.get("attempts", 0) + 1
        todo.setdefault("first", now)
        todo["last"], todo["reason"] = now, repr(error)
        buried = malformed or todo["attempts"] >= self.most
        score = now if buried else now + delay(todo["attempts"], rng)
        place = "dead" if buried else "retry"
        moved = self.r.eval(FAIL, 2, f"processing:{worker}", place, raw, json.dumps(todo), score, todo.get("id", ""))
        return moved == 1

    def redrive(self, id):
        raw = self.r.hget("dead by id", id)
        if raw is None:
            return False
        todo = json.loads(raw)
        for key in ("attempts", "first", "last", "reason"):
            todo.pop(key)
        return self.r.eval(REDRIVE, 0, id, raw, json.dumps(todo)) == 1
