"""Puts what failed on the other end of failed.

expects: WRONG
says: what failed is put on the left of failed
"""


import json


def work_off(r, handlers):
    done = 0
    while (raw := r.rpop("jobs")) is not None:
        try:
            job = json.loads(raw)
            handlers[job["name"]](job["args"])
            done += 1
        except Exception as error:
            r.rpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
    return done
