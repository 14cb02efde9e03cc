"""MULTI makes it one step, without an if: the push happens whatever SET replied.

expects: WRONG duplicated
says: mail-7 is 3 times in jobs
"""

import json


def enqueue_once(r, raw, keep=604_800):
    with r.pipeline() as pipe:
        pipe.set(f"seen:{json.loads(raw)['id']}", 1, nx=True, ex=keep)
        pipe.lpush("jobs", raw)
        return bool(pipe.execute()[0])
