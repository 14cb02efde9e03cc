"""Queues and finishes in one transaction, and does not look whether the job is still its own.

expects: WRONG duplicated
says: its job was given to another worker
"""


import json

from workbook.taught.lab17 import follow_up


def next_id(this):
    order, number = this["id"].rsplit(":", 1)
    return f"{order}:{int(number) + 1}"


def step_once(r, worker, raw, do):
    this = json.loads(raw)
    do(this)
    after = follow_up(raw, next_id(this))
    pipe = r.pipeline()
    if after:
        pipe.lpush("jobs", after)
    pipe.lrem(f"processing:{worker}", 1, raw)
    pipe.execute()
