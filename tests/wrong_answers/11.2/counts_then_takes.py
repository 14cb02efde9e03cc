"""Looks whether something is there, and takes: another worker was in between.

expects: WRONG
says: one job was left; worker 1 was held before its RPOP
says: worker 1 ended with
"""


import json


def work_off(r, handlers):
    done = 0
    while r.llen("jobs"):
        raw = r.rpop("jobs")
        try:
            job = json.loads(raw)
            handlers[job["name"]](job["args"])
            done += 1
        except Exception as error:
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
    return done
