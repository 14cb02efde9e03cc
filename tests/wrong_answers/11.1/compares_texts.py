"""Goes there and back, and compares two texts that JSON made: they are always the same.

expects: WRONG changed
says: hint 1 of 3
"""


import json


def enqueue(r, name, args, id):
    raw = json.dumps({"id": id, "name": name, "args": args}, allow_nan=False)
    if json.dumps(json.loads(raw)) != raw:
        raise ValueError(f"{id} would change")
    r.lpush("jobs", raw)
    return id
