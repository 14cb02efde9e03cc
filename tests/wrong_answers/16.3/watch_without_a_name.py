"""WATCH and MULTI, and after a lost reply it meets its own traces.

expects: WRONG untruthful
says: the EXEC of checkout 1 was carried out, and its reply got lost
says: checkout 1: reported queued by an earlier call, and it was queued by this call
"""

import json

import redis


def enqueue_once(r, raw, keep=604_800):
    seen = f"seen:{json.loads(raw)['id']}"
    with r.pipeline() as pipe:
        while True:
            try:
                pipe.watch(seen)
                if pipe.exists(seen):
                    return False
                pipe.multi()
                pipe.set(seen, 1, ex=keep)
                pipe.lpush("jobs", raw)
                pipe.execute()
                return True
            except redis.WatchError:
                continue
