"""One try around everything, the fetching too: a fetch that fails files the job before it, which was done.

expects: WRONG
says: the connection to Redis broke at command 2; done: mail-1
says: no job fails by it
"""


import json

import redis


def work_off(r, handlers):
    done, raw = 0, None
    while True:
        try:
            raw = r.rpop("jobs")
            if raw is None:
                return done
            job = json.loads(raw)
            handlers[job["name"]](job["args"])
            done += 1
        except Exception as error:
            if raw is None:
                raise
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
