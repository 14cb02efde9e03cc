"""Checkpoints and gives back in two steps: removed here, pushed there.

expects: WRONG lost
says: was killed after its LREM
"""

import json

from workbook.taught.lab15 import finish


def iterate(r, worker, raw, job, stopping, every=1):
    mine, todo = f"processing:{worker}", json.loads(raw)
    for n, (row, cursor) in enumerate(job.build_enumerator(todo["args"], todo.get("cursor")), 1):
        job.each_iteration(todo["args"], row)
        if (stop := stopping()) or n % every == 0:
            old, raw = raw, json.dumps(todo | {"cursor": cursor}).encode()
            if not r.lrem(mine, 1, old):
                return "gone"
            r.rpush("jobs" if stop else mine, raw)
            if stop:
                return "interrupted"
    job.on_complete(todo["args"])
    return "done" if finish(r, worker, raw) else "gone"
