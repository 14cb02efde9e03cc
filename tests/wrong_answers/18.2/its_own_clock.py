"""Files the job under a time of its own.

expects: WRONG
says: photo-1 in the dead set has the score
"""

import json
import time

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
        pipe.zadd("dead", {json.dumps(todo): time.time()})
        return "buried"

    return r.transaction(move, mine, value_from_callable=True)
