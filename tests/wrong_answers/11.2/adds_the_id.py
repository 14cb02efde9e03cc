"""Adds the job's id to the arguments.

expects: WRONG changed
says: a function gets the args of its job, as they are
"""


import json


def work_off(r, handlers):
    done = 0
    while (raw := r.rpop("jobs")) is not None:
        try:
            job = json.loads(raw)
            handlers[job["name"]]({**job["args"], "id": job["id"]})
            done += 1
        except Exception as error:
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
    return done
