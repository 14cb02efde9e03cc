"""Says with an exception of its own that Redis is away.

expects: WRONG
says: RuntimeError came out: no redis
"""


import json


def work_off(r, handlers):
    done = 0
    try:
        r.ping()
    except Exception:
        raise RuntimeError("no redis")
    while (raw := r.rpop("jobs")) is not None:
        try:
            job = json.loads(raw)
            handlers[job["name"]](job["args"])
            done += 1
        except Exception as error:
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
    return done
