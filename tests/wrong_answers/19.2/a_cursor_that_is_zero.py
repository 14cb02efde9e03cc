"""Takes the cursor 0 for none, and begins anew.

expects: WRONG duplicated
says: worked on
"""

import json

from workbook.taught.lab15 import finish

SAVE = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
return redis.call('RPUSH', KEYS[2], ARGV[2])
"""


def iterate(r, worker, raw, job, stopping, every=1):
    mine, todo = f"processing:{worker}", json.loads(raw)
    for n, (row, cursor) in enumerate(job.build_enumerator(todo["args"], todo.get("cursor") or None), 1):
        job.each_iteration(todo["args"], row)
        if (stop := stopping()) or n % every == 0:
            old, raw = raw, json.dumps(todo | {"cursor": cursor}).encode()
            if not r.eval(SAVE, 2, mine, "jobs" if stop else mine, old, raw):
                return "gone"
            if stop:
                return "interrupted"
    job.on_complete(todo["args"])
    return "done" if finish(r, worker, raw) else "gone"
