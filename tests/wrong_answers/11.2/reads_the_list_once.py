"""Reads the list once, works it off and deletes it: with it goes whatever came in meanwhile.

expects: WRONG lost
says: mail-9
"""


import json


def work_off(r, handlers):
    done = 0
    for raw in reversed(r.lrange("jobs", 0, -1)):
        try:
            job = json.loads(raw)
            handlers[job["name"]](job["args"])
            done += 1
        except Exception as error:
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
    r.delete("jobs")
    return done
