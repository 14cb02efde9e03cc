"""Saves its cursor when it is interrupted and when a row raises; a crash asks nobody.

expects: WRONG duplicated
says: was killed
"""

import json

from workbook.taught.lab15 import finish

SAVE = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
return redis.call('RPUSH', KEYS[2], ARGV[2])
"""


def iterate(r, worker, raw, job, stopping, every=1):
    mine, todo = f"processing:{worker}", json.loads(raw)
    done = None
    for row, cursor in job.build_enumerator(todo["args"], todo.get("cursor")):
        try:
            job.each_iteration(todo["args"], row)
        except Exception:
            r.eval(SAVE, 2, mine, mine, raw, json.dumps(todo if done is None else todo | {"cursor": done}))
            raise
        done = cursor
        if stopping():
            return "interrupted" if r.eval(SAVE, 2, mine, "jobs", raw, json.dumps(todo | {"cursor": cursor})) else "gone"
    job.on_complete(todo["args"])
    return "done" if finish(r, worker, raw) else "gone"
