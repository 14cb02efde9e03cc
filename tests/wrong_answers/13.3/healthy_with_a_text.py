"""Knows a malformed job by its key text: a job with a text of its own is buried.

expects: WRONG
says: mail-1 is in dead
"""


import json

from workbook.taught.lab13 import after_failure, delay

FAIL = '''
local held = redis.call('LREM', KEYS[1], 1, ARGV[1])
if held == 1 then redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2]) end
return held
'''

BACK = '''
local there = redis.call('ZREM', 'dead', ARGV[1])
if there == 1 then redis.call('LPUSH', 'jobs', ARGV[2]) end
return there
'''


class Failures:
    def __init__(self, r, most=10):
        self.r, self.most = r, most

    def fail(self, worker, raw, error, now, rng):
        todo = after_failure(raw, error, now)
        target, score = "dead", now
        if "text" not in todo and todo["attempts"] < self.most:
            target, score = "retry", now + delay(todo["attempts"], rng)
        return self.r.eval(FAIL, 2, f"processing:{worker}", target, raw, json.dumps(todo), score) == 1

    def redrive(self, id):
        for raw in self.r.zrange("dead", 0, -1):
            todo = json.loads(raw)
            if todo.get("id") == id:
                anew = {key: todo[key] for key in todo if key not in ("attempts", "first", "last", "reason")}
                return self.r.eval(BACK, 0, raw, json.dumps(anew)) == 1
        return False
