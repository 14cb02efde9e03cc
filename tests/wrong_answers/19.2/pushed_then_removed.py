"""Pushes first and removes then: in between the job is in two places.

expects: WRONG duplicated
says: was killed after its
"""

import json

from workbook.taught.lab15 import finish


def iterate(r, worker, raw, job, stopping, every=1):
    mine, todo = f"processing:{worker}", json.loads(raw)
    for n, (row, cursor) in enumerate(job.build_enumerator(todo["args"], todo.get("cursor")), 1):
        job.each_iteration(todo["args"], row)
        if (stop := stopping()) or n % every == 0:
            old, raw = raw, json.dumps(todo | {"cursor": cursor}).encode()
            r.rpush("jobs" if stop else mine, raw)
            if not r.lrem(mine, 1, old):
                return "gone"
            if stop:
                return "interrupted"
    job.on_complete(todo["args"])
    return "done" if finish(r, worker, raw) else "gone"
