"""Gives back whether or not it still has the job.

expects: WRONG duplicated
says: was given to another worker
"""

import json

from workbook.taught.lab15 import finish


def iterate(r, worker, raw, job, stopping, every=1):
    mine, todo = f"processing:{worker}", json.loads(raw)
    for n, (row, cursor) in enumerate(job.build_enumerator(todo["args"], todo.get("cursor")), 1):
        job.each_iteration(todo["args"], row)
        if (stop := stopping()) or n % every == 0:
            old, raw = raw, json.dumps(todo | {"cursor": cursor}).encode()
            with r.pipeline() as pipe:
                pipe.lrem(mine, 1, old)
                pipe.rpush("jobs" if stop else mine, raw)
                pipe.execute()
            if stop:
                return "interrupted"
    job.on_complete(todo["args"])
    return "done" if finish(r, worker, raw) else "gone"
