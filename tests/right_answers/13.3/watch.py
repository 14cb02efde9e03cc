"""Transactions with WATCH on the list and on the dead set, instead of scripts."""


import json

import redis

from workbook.taught.lab13 import after_failure, delay


class Failures:
    def __init__(self, r, most=10):
        self.r, self.most = r, most

    def fail(self, worker, raw, error, now, rng):
        mine, todo = f"processing:{worker}", after_failure(raw, error, now)
        due = now + delay(todo["attempts"], rng)

        def move(pipe):
            if raw not in pipe.lrange(mine, 0, -1):
                return False
            pipe.multi()
            pipe.lrem(mine, 1, raw)
            if "id" not in todo or todo["attempts"] >= self.most:
                pipe.zadd("dead", {json.dumps(todo): now})
            else:
                pipe.zadd("retry", {json.dumps(todo): due})
            return True

        return self.r.transaction(move, mine, value_from_callable=True)

    def redrive(self, id):
        with self.r.pipeline() as pipe:
            while True:
                pipe.watch("dead")
                for raw in pipe.zrange("dead", 0, -1):
                    todo = json.loads(raw)
                    if todo.get("id") == id:
                        break
                else:
                    return False
                for key in ("attempts", "first", "last", "reason"):
                    del todo[key]
                pipe.multi()
                pipe.zrem("dead", raw)
                pipe.lpush("jobs", json.dumps(todo))
                try:
                    pipe.execute()
                    return True
                except redis.WatchError:
                    continue
