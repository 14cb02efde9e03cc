"""Puts a job that fails back in line, where it fails again, for ever.

expects: WRONG
says: had not returned after 3 s
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
            r.lpush("jobs", raw)
    return done
