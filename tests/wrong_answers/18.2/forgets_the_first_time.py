"""Gives the job back without the time of its first crash.

expects: WRONG
says: photo-1 in the dead set has first 1003.0 and not 1001
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
            del todo["first"]
            pipe.rpush("jobs", json.dumps(todo))
            return "given back"
        pipe.zadd("dead", {json.dumps(todo): now})
        return "buried"

    return r.transaction(move, mine, value_from_callable=True)
