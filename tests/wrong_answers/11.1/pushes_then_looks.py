"""Pushes, and looks afterwards whether it should have.

expects: WRONG phantom
says: label-11 was refused, and is in jobs
"""


import json


def enqueue(r, name, args, id):
    raw = json.dumps({"id": id, "name": name, "args": args}, allow_nan=False)
    r.lpush("jobs", raw)
    if json.loads(raw)["args"] != args:
        raise ValueError(f"{id} would change")
    return id
