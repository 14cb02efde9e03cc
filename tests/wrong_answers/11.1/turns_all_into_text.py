"""Has JSON turn whatever it does not know into a text.

expects: WRONG changed
says: mail-9: JSON has no times
"""


import json


def enqueue(r, name, args, id):
    r.lpush("jobs", json.dumps({"id": id, "name": name, "args": args}, default=str))
    return id
