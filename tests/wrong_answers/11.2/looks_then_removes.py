"""Leaves a job in the list while it does it: a second worker does it too.

expects: WRONG duplicated
says: worker 1 was in the middle of mail-1 while worker 2 worked
"""


import json


def work_off(r, handlers):
    done = 0
    while (raw := r.lindex("jobs", -1)) is not None:
        try:
            job = json.loads(raw)
            handlers[job["name"]](job["args"])
            done += 1
        except Exception as error:
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
        r.lrem("jobs", -1, raw)
    return done
