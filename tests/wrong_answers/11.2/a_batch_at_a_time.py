"""Reads a batch, does it, and cuts it off the list: a second worker does it too, and then both cut.

expects: WRONG duplicated lost
says: several workers share the list
"""


import json


def work_off(r, handlers):
    done = 0
    while batch := r.lrange("jobs", -2, -1):
        for raw in reversed(batch):
            try:
                job = json.loads(raw)
                handlers[job["name"]](job["args"])
                done += 1
            except Exception as error:
                r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
        r.ltrim("jobs", 0, -1 - len(batch))
    return done
