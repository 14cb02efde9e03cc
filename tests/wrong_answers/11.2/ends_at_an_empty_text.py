"""Takes an empty element for an empty list.

expects: WRONG lost
says: an empty text was accepted, and is in no place
"""


import json


def work_off(r, handlers):
    done = 0
    while raw := r.rpop("jobs"):
        try:
            job = json.loads(raw)
            handlers[job["name"]](job["args"])
            done += 1
        except Exception as error:
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
    return done
