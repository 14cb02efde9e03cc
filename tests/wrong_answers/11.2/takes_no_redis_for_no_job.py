"""Takes a Redis that is away for a list that is empty.

expects: WRONG
says: nobody listens where Redis should be; it returned 0
"""


import json

import redis


def work_off(r, handlers):
    done = 0
    while True:
        try:
            raw = r.rpop("jobs")
        except redis.RedisError:
            return done
        if raw is None:
            return done
        try:
            job = json.loads(raw)
            handlers[job["name"]](job["args"])
            done += 1
        except Exception as error:
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
