"""A transaction that removes and adds, whether the worker held the job or not: the zombie's failure counts.

expects: WRONG duplicated
says: then worker 1 said that it failed
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
        todo = after_failure(raw, error, now)
        with self.r.pipeline() as pipe:
            pipe.lrem(f"processing:{worker}", 1, raw)
            if "id" in todo and todo["attempts"] < self.most:
                pipe.zadd("retry", {json.dumps(todo): now + delay(todo["attempts"], rng)})
            else:
                pipe.zadd("dead", {json.dumps(todo): now})
            return pipe.execute()[0] == 1

    def redrive(self, id):
        for raw in self.r.zrange("dead", 0, -1):
            todo = json.loads(raw)
            if todo.get("id") == id:
                anew = {key: todo[key] for key in todo if key not in ("attempts", "first", "last", "reason")}
                return self.r.eval(BACK, 0, raw, json.dumps(anew)) == 1
        return False
