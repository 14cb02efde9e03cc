"""Checks every value, however deep, and no key.

expects: WRONG changed
says: stock-13: JSON makes a text of each key
"""


import json


def plain(value):
    if isinstance(value, dict):
        return all(map(plain, value.values()))
    if isinstance(value, list):
        return all(map(plain, value))
    return isinstance(value, (str, int, float, bool, type(None)))


def enqueue(r, name, args, id):
    if not plain(args):
        raise TypeError(f"{id} is not plain data")
    r.lpush("jobs", json.dumps({"id": id, "name": name, "args": args}, allow_nan=False))
    return id
