"""A generator over the queue, RPOP with a count, and a sum."""


import json


def jobs(r):
    while taken := r.rpop("jobs", 1):
        yield from taken


def run(r, handlers, raw):
    try:
        todo = json.loads(raw)
        name, args = todo["name"], todo["args"]
        handlers[name](args)
    except Exception as error:
        entry = {"job": raw.decode(errors="replace"), "reason": f"{type(error).__name__}: {error}"}
        r.lpush("failed", json.dumps(entry))
        return 0
    return 1


def work_off(r, handlers):
    return sum(run(r, handlers, raw) for raw in jobs(r))
