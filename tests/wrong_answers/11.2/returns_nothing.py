"""Does everything and forgets to say how much.

expects: WRONG
says: work_off returned None
"""


import json


def work_off(r, handlers):
    while (raw := r.rpop("jobs")) is not None:
        try:
            job = json.loads(raw)
            handlers[job["name"]](job["args"])
        except Exception as error:
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": repr(error)}))
