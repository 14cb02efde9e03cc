"""Has a reason for everything but what is no job.

expects: WRONG
says: not json is in failed with the reason ''; it is no job at all
"""


import json


def work_off(r, handlers):
    done = 0
    while (raw := r.rpop("jobs")) is not None:
        reason = ""
        try:
            job = json.loads(raw)
            try:
                handlers[job["name"]](job["args"])
                done += 1
                continue
            except Exception as error:
                reason = repr(error)
        except ValueError:
            pass
        r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": reason}))
    return done
