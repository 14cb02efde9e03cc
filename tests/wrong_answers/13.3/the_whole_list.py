"""Takes all that the worker holds for failed: its neighbours are retried too.

expects: WRONG
says: only the job that failed is moved
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
        target, score = "dead", now
        if "id" in todo and todo["attempts"] < self.most:
            target, score = "retry", now + delay(todo["attempts"], rng)
        with self.r.pipeline() as pipe:
            for other in self.r.lrange(f"processing:{worker}", 0, -1):
                pipe.zadd(target, {json.dumps(todo) if other == raw else other: score})
            pipe.delete(f"processing:{worker}")
            return pipe.execute()[-1] == 1

    def redrive(self, id):
        for raw in self.r.zrange("dead", 0, -1):
            todo = json.loads(raw)
            if todo.get("id") == id:
                anew = {key: todo[key] for key in todo if key not in ("attempts", "first", "last", "reason")}
                return self.r.eval(BACK, 0, raw, json.dumps(anew)) == 1
        return False
