"""Counts the crashes of the worker, which has only one.

expects: WRONG
says: it has killed 5 workers, and comes next again
"""

import json

from workbook.taught.lab18 import after_crash


def count_crash(r, worker, limit, now):
    mine = f"processing:{worker}"

    def move(pipe):
        raw = pipe.lindex(mine, 0)
        if raw is None:
            return None
        n = int(pipe.hget("crashes", worker) or 0) + 1
        todo = after_crash(raw, now)
        pipe.multi()
        pipe.lpop(mine)
        pipe.hset("crashes", worker, n)
        if n < limit:
            pipe.rpush("jobs", json.dumps(todo))
            return "given back"
        pipe.zadd("dead", {json.dumps(todo): now})
        return "buried"

    return r.transaction(move, mine, value_from_callable=True)
