"""Takes on the side on which jobs are pushed.

expects: WRONG reordered
says: the oldest job comes first
"""


import json


def work_off(r, handlers):
    done = 0
    while (raw := r.lpop("jobs")) is not None:
        try:
            job = json.loads(raw)
            handlers[job["name"]](job["args"])
            done += 1
        except Exception as error:
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
    return done
