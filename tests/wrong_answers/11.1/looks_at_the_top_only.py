"""Looks at the arguments, and not into them.

expects: WRONG changed
says: label-12: JSON makes a list of a tuple, however deep it stands
"""


import json


def enqueue(r, name, args, id):
    for key, value in args.items():
        if not isinstance(value, (str, int, float, bool, list, dict, type(None))):
            raise TypeError(f"{key} is a {type(value).__name__}")
    raw = json.dumps({"id": id, "name": name, "args": args}, allow_nan=False)
    r.lpush("jobs", raw)
    return id
