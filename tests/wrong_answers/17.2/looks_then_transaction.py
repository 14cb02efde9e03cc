"""Looks whether the job is still its own, and then acts: two moments.

expects: WRONG duplicated
says: stood right before its EXEC
"""


import json

from workbook.taught.lab17 import follow_up


def next_id(this):
    order, number = this["id"].rsplit(":", 1)
    return f"{order}:{int(number) + 1}"


def step_once(r, worker, raw, do):
    this = json.loads(raw)
    do(this)
    if raw not in r.lrange(f"processing:{worker}", 0, -1):
        return
    after = follow_up(raw, next_id(this))
    pipe = r.pipeline()
    if after:
        pipe.lpush("jobs", after)
    pipe.lrem(f"processing:{worker}", 1, raw)
    pipe.execute()
