"""Takes a place in the list first, and fills it in with a second command.

expects: WRONG
says: worker 2 was killed
says: hint 2 of 3
"""


import json


def enqueue(r, name, args, id):
    raw = json.dumps({"id": id, "name": name, "args": args}, allow_nan=False)
    if json.loads(raw)["args"] != args:
        raise ValueError(f"{id} would change")
    r.lpush("jobs", "{}")
    r.lset("jobs", 0, raw)
    return id
