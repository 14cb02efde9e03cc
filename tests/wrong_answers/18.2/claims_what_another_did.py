"""Says that it gave back what another one did.

expects: WRONG
says: they returned 'given back' and 'given back'
"""

import json

import redis

from workbook.taught.lab18 import after_crash


def count_crash(r, worker, limit, now):
    mine = f"processing:{worker}"
    with r.pipeline() as pipe:
        pipe.watch(mine)
        raw = pipe.lindex(mine, 0)
        if raw is None:
            return None
        todo = after_crash(raw, now)
        did = "given back" if todo["crashes"] < limit else "buried"
        pipe.multi()
        pipe.lpop(mine)
        if did == "given back":
            pipe.rpush("jobs", json.dumps(todo))
        else:
            pipe.zadd("dead", {json.dumps(todo): now})
        try:
            pipe.execute()
        except redis.WatchError:
            return did
    return did
