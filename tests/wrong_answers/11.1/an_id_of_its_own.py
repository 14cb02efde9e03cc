"""Makes up an id: the caller never learns which job is its own.

expects: WRONG lost phantom
says: mail-7 was accepted, and is in no place
"""


import json
import uuid


def enqueue(r, name, args, id):
    raw = json.dumps({"id": str(uuid.uuid4()), "name": name, "args": args}, allow_nan=False)
    if json.loads(raw)["args"] != args:
        raise ValueError(f"{id} would change")
    r.lpush("jobs", raw)
    return id
