"""There and back gives the same in Python, which writes and reads Infinity: no other language does.

expects: WRONG changed
says: invoice-15: JSON has no infinity, though Python writes it
"""


import json


def enqueue(r, name, args, id):
    raw = json.dumps({"id": id, "name": name, "args": args})
    if json.loads(raw)["args"] != args:
        raise ValueError(f"{id} would change")
    r.lpush("jobs", raw)
    return id
