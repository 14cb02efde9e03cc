"""Adds the time, which makes another form of job than the one that was agreed.

expects: WRONG
says: and no more
"""


import json
import time


def enqueue(r, name, args, id):
    raw = json.dumps({"id": id, "name": name, "args": args, "at": int(time.time())}, allow_nan=False)
    if json.loads(raw)["args"] != args:
        raise ValueError(f"{id} would change")
    r.lpush("jobs", raw)
    return id
