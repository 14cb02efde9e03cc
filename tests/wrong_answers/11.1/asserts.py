"""Refuses with an assertion, which no caller catches, and which Python leaves out when it runs with -O.

expects: YOUR CODE RAISED
says: AssertionError
"""


import json


def enqueue(r, name, args, id):
    raw = json.dumps({"id": id, "name": name, "args": args}, allow_nan=False)
    assert json.loads(raw)["args"] == args
    r.lpush("jobs", raw)
    return id
