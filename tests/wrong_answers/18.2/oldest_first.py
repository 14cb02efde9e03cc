"""Takes the oldest job of the list first: two that are given back come in the wrong order.

expects: WRONG reordered
says: count_crash was called until None
"""

import json

from workbook.taught.lab18 import after_crash


def count_crash(r, worker, limit, now):
    mine = f"processing:{worker}"

    def move(pipe):
        raw = pipe.lindex(mine, -1)
        if raw is None:
            return None
        todo = after_crash(raw, now)
        pipe.multi()
        pipe.rpop(mine)
        if todo["crashes"] < limit:
            pipe.rpush("jobs", json.dumps(todo))
            return "given back"
        pipe.zadd("dead", {json.dumps(todo): now})
        return "buried"

    return r.transaction(move, mine, value_from_callable=True)
