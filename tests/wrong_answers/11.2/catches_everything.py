"""Catches whatever happens, also that Redis is away: it asks again, for ever.

expects: WRONG
says: nobody listens where Redis should be; it was still at it after 1.5 s
"""


import json


def work_off(r, handlers):
    done = 0
    while True:
        raw = None
        try:
            raw = r.rpop("jobs")
            if raw is None:
                return done
            job = json.loads(raw)
            handlers[job["name"]](job["args"])
            done += 1
        except Exception as error:
            if raw is not None:
                r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
