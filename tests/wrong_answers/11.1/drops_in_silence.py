"""Does not push what JSON would change, and tells nobody.

expects: WRONG lost
says: mail-9
"""


import json


def enqueue(r, name, args, id):
    try:
        raw = json.dumps({"id": id, "name": name, "args": args}, allow_nan=False)
    except (TypeError, ValueError):
        return id
    if json.loads(raw)["args"] == args:
        r.lpush("jobs", raw)
    return id
