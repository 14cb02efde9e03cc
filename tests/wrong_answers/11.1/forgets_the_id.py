"""Leaves the id out of the job.

expects: WRONG
says: in jobs stands {"name": "mail"
"""


import json


def enqueue(r, name, args, id):
    raw = json.dumps({"name": name, "args": args}, allow_nan=False)
    if json.loads(raw)["args"] != args:
        raise ValueError(f"{id} would change")
    r.lpush("jobs", raw)
    return id
