"""One count for all jobs: the innocent are buried with the guilty.

expects: WRONG
says: photo-2 was buried after its first crash
"""

import json

from workbook.taught.lab18 import after_crash


def count_crash(r, worker, limit, now):
    mine = f"processing:{worker}"

    def move(pipe):
        raw = pipe.lindex(mine, 0)
        if raw is None:
            return None
        n = int(pipe.get("crashes") or 0) + 1
        todo = after_crash(raw, now)
        pipe.multi()
        pipe.lpop(mine)
        pipe.set("crashes", n)
        if n < limit:
            pipe.rpush("jobs", json.dumps(todo))
            return "given back"
        pipe.zadd("dead", {json.dumps(todo): now})
        return "buried"

    return r.transaction(move, mine, value_from_callable=True)
