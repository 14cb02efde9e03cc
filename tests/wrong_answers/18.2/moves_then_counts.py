"""Moves the job, then writes the count into it: killed in between, the crash is forgotten.

expects: WRONG
says: count_crash was killed after its LMOVE, and called again
says: it was buried after none of its 3 crashes
"""

import json

from workbook.taught.lab18 import after_crash


def count_crash(r, worker, limit, now):
    mine = f"processing:{worker}"
    raw = r.lindex(mine, 0)
    if raw is None:
        return None
    todo = after_crash(raw, now)
    if todo["crashes"] < limit:
        r.lmove(mine, "jobs", "LEFT", "RIGHT")
        r.lset("jobs", -1, json.dumps(todo))
        return "given back"
    with r.pipeline() as pipe:
        pipe.lpop(mine)
        pipe.zadd("dead", {json.dumps(todo): now})
        pipe.execute()
    return "buried"
