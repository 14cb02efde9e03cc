"""Counts what failed among what was done.

expects: WRONG
says: 5 were done, 8 failed, and work_off returned 13
"""


import json


def work_off(r, handlers):
    done = 0
    while (raw := r.rpop("jobs")) is not None:
        done += 1
        try:
            job = json.loads(raw)
            handlers[job["name"]](job["args"])
        except Exception as error:
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
    return done
