"""Pushes on the right, where jobs are taken: the newest comes first.

expects: WRONG reordered
says: jobs are pushed on the left
"""


import json


def enqueue(r, name, args, id):
    raw = json.dumps({"id": id, "name": name, "args": args}, allow_nan=False)
    if json.loads(raw)["args"] != args:
        raise ValueError(f"{id} would change")
    r.rpush("jobs", raw)
    return id
