"""Files the job in the dead set and gives it back all the same.

expects: WRONG duplicated
says: photo-1 is in jobs and
says: in the dead set
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
            pipe.rpush("jobs", json.dumps(todo))
            return "given back"
        pipe.zadd("dead", {json.dumps(todo): now})
        pipe.rpush("jobs", raw)
        return "buried"

    return r.transaction(move, mine, value_from_callable=True)
