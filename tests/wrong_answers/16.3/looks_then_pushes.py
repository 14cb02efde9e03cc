"""Looks, pushes, remembers: three moments, and another caller in each.

expects: WRONG duplicated
says: checkout 1 was killed after its LPUSH
"""

import json


def enqueue_once(r, raw, keep=604_800):
    seen = f"seen:{json.loads(raw)['id']}"
    if r.exists(seen):
        return False
    r.lpush("jobs", raw)
    r.set(seen, 1, ex=keep)
    return True
