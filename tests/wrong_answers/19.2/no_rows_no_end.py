"""The end comes with the last row: where there is no row, it never comes.

expects: WRONG
says: to no customer at all
says: on_complete was called 0 times
"""

import json

from workbook.taught.lab15 import finish

SAVE = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
return redis.call('RPUSH', KEYS[2], ARGV[2])
"""


def iterate(r, worker, raw, job, stopping, every=1):
    mine, todo = f"processing:{worker}", json.loads(raw)
    n = 0
    for n, (row, cursor) in enumerate(job.build_enumerator(todo["args"], todo.get("cursor")), 1):
        job.each_iteration(todo["args"], row)
        if (stop := stopping()) or n % every == 0:
            old, raw = raw, json.dumps(todo | {"cursor": cursor}).encode()
            if not r.eval(SAVE, 2, mine, "jobs" if stop else mine, old, raw):
                return "gone"
            if stop:
                return "interrupted"
    if n or todo.get("cursor"):
        job.on_complete(todo["args"])
    return "done" if finish(r, worker, raw) else "gone"
