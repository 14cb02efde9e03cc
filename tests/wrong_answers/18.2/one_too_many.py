"""Off by one: a crash more than the limit.

expects: WRONG
says: the limit is 3
says: it has killed 4 workers, and then it was buried
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
        if todo["crashes"] <= limit:
            pipe.rpush("jobs", json.dumps(todo))
            return "given back"
        pipe.zadd("dead", {json.dumps(todo): now})
        return "buried"

    return r.transaction(move, mine, value_from_callable=True)
