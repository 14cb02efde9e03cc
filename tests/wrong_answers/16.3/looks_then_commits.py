"""Looks, then remembers and pushes in one transaction: two callers may both have looked.

expects: WRONG duplicated
says: checkout 1 stood right before its EXEC when checkout 2 handed over the same job
"""

import json


def enqueue_once(r, raw, keep=604_800):
    seen = f"seen:{json.loads(raw)['id']}"
    if r.exists(seen):
        return False
    with r.pipeline() as pipe:
        pipe.set(seen, 1, ex=keep)
        pipe.lpush("jobs", raw)
        pipe.execute()
    return True
