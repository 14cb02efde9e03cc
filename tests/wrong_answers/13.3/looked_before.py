"""Looks whether the worker still holds the job, then moves it: in between it is given away.

expects: WRONG duplicated
says: was given to worker 2 right before operation 2
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
        if raw not in self.r.lrange(f"processing:{worker}", 0, -1):
            return False
        todo = after_failure(raw, error, now)
        with self.r.pipeline() as pipe:
            pipe.lrem(f"processing:{worker}", 1, raw)
            if "id" in todo and todo["attempts"] < self.most:
                pipe.zadd("retry", {json.dumps(todo): now + delay(todo["attempts"], rng)})
            else:
                pipe.zadd("dead", {json.dumps(todo): now})
            pipe.execute()
        return True

    def redrive(self, id):
        for raw in self.r.zrange("dead", 0, -1):
            todo = json.loads(raw)
            if todo.get("id") == id:
                anew = {key: todo[key] for key in todo if key not in ("attempts", "first", "last", "reason")}
                return self.r.eval(BACK, 0, raw, json.dumps(anew)) == 1
        return False
