"""Catches what a handler raises, and not what reading the job raises.

expects: YOUR CODE RAISED
says: JSONDecodeError
"""


import json


def work_off(r, handlers):
    done = 0
    while (raw := r.rpop("jobs")) is not None:
        job = json.loads(raw)
        try:
            handlers[job["name"]](job["args"])
            done += 1
        except Exception as error:
            r.lpush("failed", json.dumps({"job": raw.decode(), "reason": repr(error)}))
    return done
