"""Counts in its own memory: a count that dies with the process.

expects: WRONG
says: it has killed 5 workers, and comes next again
"""

import json

from workbook.taught.lab18 import after_crash

CRASHES = {}


def count_crash(r, worker, limit, now):
    mine = f"processing:{worker}"

    def move(pipe):
        raw = pipe.lindex(mine, 0)
        if raw is None:
            return None
        todo = after_crash(raw, now)
        n = CRASHES[todo["id"]] = CRASHES.get(todo["id"], 0) + 1
        pipe.multi()
        pipe.lpop(mine)
        if n < limit:
            pipe.rpush("jobs", raw)
            return "given back"
        pipe.zadd("dead", {json.dumps(todo): now})
        return "buried"

    return r.transaction(move, mine, value_from_callable=True)
