"""Goes on after a bad job, and nobody ever hears of it again.

expects: WRONG lost
says: 8 of 13 jobs
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
            pass
    return done
