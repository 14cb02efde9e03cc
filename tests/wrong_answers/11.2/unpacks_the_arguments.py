"""Hands the arguments over as keywords, which no handler takes: every job fails.

expects: WRONG
says: mail-1 is in failed: TypeError
says: a job that can be done is done: its function gets one argument
"""


import json


def work_off(r, handlers):
    done = 0
    while (raw := r.rpop("jobs")) is not None:
        try:
            job = json.loads(raw)
            handlers[job["name"]](**job["args"])
            done += 1
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": reason}))
    return done
