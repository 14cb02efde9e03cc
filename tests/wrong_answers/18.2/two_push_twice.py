"""A transaction made from what it saw before: two at once push the job twice.

expects: WRONG duplicated
says: one count_crash ran while another stood before its EXEC
says: photo-1 is twice in jobs
"""

import json

from workbook.taught.lab18 import after_crash


def count_crash(r, worker, limit, now):
    mine = f"processing:{worker}"
    raw = r.lindex(mine, 0)
    if raw is None:
        return None
    todo = after_crash(raw, now)
    with r.pipeline() as pipe:
        pipe.lrem(mine, 1, raw)
        if todo["crashes"] < limit:
            pipe.rpush("jobs", json.dumps(todo))
        else:
            pipe.zadd("dead", {json.dumps(todo): now})
        pipe.execute()
    return "given back" if todo["crashes"] < limit else "buried"
