"""Writes the count into the job, then moves it: killed in between, one crash is counted twice.

expects: WRONG
says: count_crash was killed after its LSET, and called again
says: it was buried after 2 of its crashes
"""

import json

from workbook.taught.lab18 import after_crash


def count_crash(r, worker, limit, now):
    mine = f"processing:{worker}"
    raw = r.lindex(mine, 0)
    if raw is None:
        return None
    todo = after_crash(raw, now)
    counted = json.dumps(todo)
    r.lset(mine, 0, counted)
    if todo["crashes"] < limit:
        r.lmove(mine, "jobs", "LEFT", "RIGHT")
        return "given back"
    with r.pipeline() as pipe:
        pipe.lpop(mine)
        pipe.zadd("dead", {counted: now})
        pipe.execute()
    return "buried"
