"""WATCH on its own list: the transaction only happens if the job was still there."""


import json

import redis

from workbook.taught.lab17 import follow_up


def step_once(r, worker, raw, do):
    this, mine = json.loads(raw), f"processing:{worker}"
    do(this)
    after = follow_up(raw, this["id"] + "+")
    with r.pipeline() as pipe:
        while True:
            try:
                pipe.watch(mine)
                if raw not in pipe.lrange(mine, 0, -1):
                    return
                pipe.multi()
                pipe.lrem(mine, 1, raw)
                if after:
                    pipe.lpush("jobs", after)
                pipe.execute()
                return
            except redis.WatchError:
                continue
