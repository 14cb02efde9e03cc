"""Counts the jobs first and takes that many.

expects: WRONG
says: it returned, and in jobs there still stands mail-9
"""


import json


def work_off(r, handlers):
    done = 0
    for _ in range(r.llen("jobs")):
        raw = r.rpop("jobs")
        try:
            job = json.loads(raw)
            handlers[job["name"]](job["args"])
            done += 1
        except Exception as error:
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
    return done
