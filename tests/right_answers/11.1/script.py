"""Pushes with a Lua script, in UTF-8 instead of escapes."""


import json


def enqueue(r, name, args, id):
    raw = json.dumps({"id": id, "name": name, "args": args}, allow_nan=False, ensure_ascii=False)
    if json.loads(raw)["args"] != args:
        raise ValueError("JSON would change this")
    r.eval("return redis.call('LPUSH', KEYS[1], ARGV[1])", 1, "jobs", raw)
    return id
