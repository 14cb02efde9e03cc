"""Skips a name that it does not know.

expects: WRONG lost
says: ship-3
"""


import json


def work_off(r, handlers):
    done = 0
    while (raw := r.rpop("jobs")) is not None:
        try:
            job = json.loads(raw)
            handler = handlers.get(job["name"])
            if handler:
                handler(job["args"])
                done += 1
        except Exception as error:
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
    return done
