"""Files what happened, and not the job: nobody can ever do it again.

expects: WRONG
says: photo-1 had name 'photo', now None
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
        kept = {key: todo[key] for key in ("id", "crashes", "first", "last", "reason")}
        pipe.zadd("dead", {json.dumps(kept): now})
        return "buried"

    return r.transaction(move, mine, value_from_callable=True)
