"""Counts a crash of the worker, also when it held nothing.

expects: WRONG
says: something in Redis changed
"""

import json

from workbook.taught.lab18 import after_crash


def count_crash(r, worker, limit, now):
    r.hincrby("crashed", worker, 1)
    mine = f"processing:{worker}"

    def move(pipe):
        raw = pipe.lindex(mine, 0)
        if raw is None:
            return None
        todo = after_crash(raw, now)
        pipe.multi()
        pipe.lpop(mine)
        if todo["crashes"] < limit:
            pipe.rpush("jobs", json.dumps(todo))
            return "given back"
        pipe.zadd("dead", {json.dumps(todo): now})
        return "buried"

    return r.transaction(move, mine, value_from_callable=True)
