"""Gives back a new job of the same kind: what was known of the old one is gone.

expects: WRONG
says: photo-1 had attempts 2, now None
"""

import json

from workbook.taught.lab18 import after_crash


def count_crash(r, worker, limit, now):
    mine = f"processing:{worker}"

    def move(pipe):
        raw = pipe.lindex(mine, 0)
        if raw is None:
            return None
        todo = after_crash(raw, now)
        pipe.multi()
        pipe.lpop(mine)
        if todo["crashes"] < limit:
            pipe.rpush("jobs", json.dumps({key: todo[key] for key in ("id", "name", "args", "crashes", "first")}))
            return "given back"
        pipe.zadd("dead", {json.dumps(todo): now})
        return "buried"

    return r.transaction(move, mine, value_from_callable=True)
