"""Puts the body under a key of its own, and only the id into the list.

expects: WRONG
says: in jobs stands mail-7
says: job:count-1 has count-1, and no worker looks there for it
"""


import json


def enqueue(r, name, args, id):
    raw = json.dumps({"id": id, "name": name, "args": args}, allow_nan=False)
    if json.loads(raw)["args"] != args:
        raise ValueError(f"{id} would change")
    r.set(f"job:{id}", raw)
    r.lpush("jobs", id)
    return id
