"""Hands the whole job to the function instead of its arguments.

expects: WRONG
says: mail-1 is in failed: KeyError
"""


import json


def work_off(r, handlers):
    done = 0
    while (raw := r.rpop("jobs")) is not None:
        try:
            job = json.loads(raw)
            handlers[job["name"]](job)
            done += 1
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": reason}))
    return done
