"""Pushes first, and takes back what it should not have pushed: a worker can be quicker.

expects: WRONG
says: in jobs stands label-11, which enqueue refuses
says: hint 2 of 3
"""


import json


def enqueue(r, name, args, id):
    raw = json.dumps({"id": id, "name": name, "args": args}, allow_nan=False)
    r.lpush("jobs", raw)
    if json.loads(raw)["args"] != args:
        r.lrem("jobs", 1, raw)
        raise ValueError(f"{id} would change")
    return id
