"""Looks at the types, at every depth, instead of going there and back."""


import json
import math


def plain(value):
    if isinstance(value, dict):
        return all(isinstance(key, str) and plain(inner) for key, inner in value.items())
    if isinstance(value, list):
        return all(map(plain, value))
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (str, int, bool))


def enqueue(r, name, args, id):
    if not plain(args):
        raise TypeError(f"the arguments of {id} are no plain data: {args!r}")
    r.execute_command("LPUSH", "jobs", json.dumps({"args": args, "id": id, "name": name}, sort_keys=True))
    return id
