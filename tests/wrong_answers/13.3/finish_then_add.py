"""Removes the job from the worker's list, then adds it to retry: killed in between, it is gone.

expects: WRONG lost
says: worker 1 was killed after its LREM
"""


import json

from workbook.taught.lab13 import after_failure, delay

BACK = '''
local there = redis.call('ZREM', 'dead', ARGV[1])
if there == 1 then redis.call('LPUSH', 'jobs', ARGV[2]) end
return there
'''


class Failures:
    def __init__(self, r, most=10):
        self.r, self.most = r, most

    def fail(self, worker, raw, error, now, rng):
        if self.r.lrem(f"processing:{worker}", 1, raw) == 0:
            return False
        todo = after_failure(raw, error, now)
        if "id" in todo and todo["attempts"] < self.most:
            self.r.zadd("retry", {json.dumps(todo): now + delay(todo["attempts"], rng)})
        else:
            self.r.zadd("dead", {json.dumps(todo): now})
        return True

    def redrive(self, id):
        for raw in self.r.zrange("dead", 0, -1):
            todo = json.loads(raw)
            if todo.get("id") == id:
                anew = {key: todo[key] for key in todo if key not in ("attempts", "first", "last", "reason")}
                return self.r.eval(BACK, 0, raw, json.dumps(anew)) == 1
        return False
