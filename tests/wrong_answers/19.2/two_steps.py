"""Finishes the job and then pushes it back with its cursor.

expects: WRONG duplicated [lost]
says: worked on
"""

import json

from workbook.taught.lab15 import finish


def iterate(r, worker, raw, job, stopping, every=1):
    todo = json.loads(raw)
    for row, todo["cursor"] in job.build_enumerator(todo["args"], todo.get("cursor")):
        job.each_iteration(todo["args"], row)
        if stopping():
            finish(r, worker, raw)
            r.rpush("jobs", json.dumps(todo))
            return "interrupted"
    job.on_complete(todo["args"])
    return "done" if finish(r, worker, raw) else "gone"
