"""Remembers first, pushes then: who dies in between has a job remembered that nobody has.

expects: WRONG lost
says: checkout 1 was killed after its SET
"""

import json


def enqueue_once(r, raw, keep=604_800):
    if r.set(f"seen:{json.loads(raw)['id']}", 1, nx=True, ex=keep):
        r.lpush("jobs", raw)
        return True
    return False
