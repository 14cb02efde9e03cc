"""The loop ends with the first job that cannot be done.

expects: YOUR CODE RAISED
says: JSONDecodeError
says: at work_off, line 4: job = json.loads(raw)
"""


import json


def work_off(r, handlers):
    done = 0
    while (raw := r.rpop("jobs")) is not None:
        job = json.loads(raw)
        handlers[job["name"]](job["args"])
        done += 1
    return done
