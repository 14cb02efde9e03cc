"""Saves the cursor before the row's task, and resumes after it.

expects: WRONG lost
says: row 4 of 5 raises, with every=1; tried again, it works
"""

import json

from workbook.taught.lab15 import finish

SAVE = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
return redis.call('RPUSH', KEYS[2], ARGV[2])
"""


def iterate(r, worker, raw, job, stopping, every=1):
    mine, todo = f"processing:{worker}", json.loads(raw)
    for n, (row, cursor) in enumerate(job.build_enumerator(todo["args"], todo.get("cursor")), 1):
        old, raw = raw, json.dumps(todo | {"cursor": cursor}).encode()
        if not r.eval(SAVE, 2, mine, mine, old, raw):
            return "gone"
        job.each_iteration(todo["args"], row)
        if stopping():
            return "interrupted" if r.eval(SAVE, 2, mine, "jobs", raw, raw) else "gone"
    job.on_complete(todo["args"])
    return "done" if finish(r, worker, raw) else "gone"
