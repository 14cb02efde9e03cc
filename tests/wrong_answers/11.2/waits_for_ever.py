"""Waits for more when none is left.

expects: WRONG
says: had not returned after 3 s
"""


import json


def work_off(r, handlers):
    done = 0
    while True:
        popped = r.brpop("jobs", timeout=0)
        raw = popped[1]
        try:
            job = json.loads(raw)
            handlers[job["name"]](job["args"])
            done += 1
        except Exception as error:
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
