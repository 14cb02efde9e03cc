"""Files the job as it was, without a reason.

expects: WRONG
says: in failed stands not json
"""


import json


def work_off(r, handlers):
    done = 0
    while (raw := r.rpop("jobs")) is not None:
        try:
            job = json.loads(raw)
            handlers[job["name"]](job["args"])
            done += 1
        except Exception:
            r.lpush("failed", raw)
    return done
