"""Puts the program's name before the job's: no worker knows such a handler.

expects: WRONG
says: the name of mail-7 is 'shop.mail'
"""


import json


def enqueue(r, name, args, id):
    raw = json.dumps({"id": id, "name": f"shop.{name}", "args": args}, allow_nan=False)
    if json.loads(raw)["args"] != args:
        raise ValueError(f"{id} would change")
    r.lpush("jobs", raw)
    return id
