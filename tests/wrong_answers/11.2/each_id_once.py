"""Skips a job whose id it has seen: nobody ever hears of that one again.

expects: WRONG
says: 1 were done, and work_off returned 1
"""


import json


def work_off(r, handlers):
    done, seen = 0, set()
    while (raw := r.rpop("jobs")) is not None:
        try:
            job = json.loads(raw)
            if job["id"] in seen:
                continue
            seen.add(job["id"])
            handlers[job["name"]](job["args"])
            done += 1
        except Exception as error:
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
    return done
