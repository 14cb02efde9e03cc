"""Files what failed under one reason for all.

expects: WRONG
says: no handler is called ship
says: the reason says what was wrong
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
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": "error"}))
    return done
