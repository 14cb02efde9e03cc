"""Does one job and calls itself for the rest: a thousand jobs are too many.

expects: WRONG
says: 150 jobs waited
says: RecursionError
"""


import json


def work_off(r, handlers):
    raw = r.rpop("jobs")
    if raw is None:
        return 0
    done = 0
    try:
        job = json.loads(raw)
        handlers[job["name"]](job["args"])
        done = 1
    except Exception as error:
        r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
    return done + work_off(r, handlers)
