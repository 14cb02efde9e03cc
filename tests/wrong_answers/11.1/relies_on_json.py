"""Relies on JSON to complain, which a tuple does not make it do.

expects: WRONG changed
says: label-11: JSON makes a list of a tuple
"""


import json


def enqueue(r, name, args, id):
    r.lpush("jobs", json.dumps({"id": id, "name": name, "args": args}))
    return id
