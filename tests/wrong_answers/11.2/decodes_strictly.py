"""Cannot file what is no text, and dies of it.

expects: YOUR CODE RAISED
says: UnicodeDecodeError
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
            r.lpush("failed", json.dumps({"job": raw.decode(), "reason": repr(error)}))
    return done
