"""Returns what Redis answers: the length of the list.

expects: WRONG
says: mail-7 is in jobs; enqueue returned 1
"""


import json


def enqueue(r, name, args, id):
    raw = json.dumps({"id": id, "name": name, "args": args}, allow_nan=False)
    if json.loads(raw)["args"] != args:
        raise ValueError(f"{id} would change")
    return r.lpush("jobs", raw)
