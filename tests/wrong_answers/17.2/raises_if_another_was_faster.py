"""Notes for an hour that the step is done, and complains when another worker noted it first.

expects: YOUR CODE RAISED
says: stood right before
says: another worker was faster
says: must hold: a worker that comes back late returns from its call
"""


import json

from workbook.taught.lab15 import finish
from workbook.taught.lab16 import enqueue_once
from workbook.taught.lab17 import follow_up


def next_id(this):
    order, number = this["id"].rsplit(":", 1)
    return f"{order}:{int(number) + 1}"


def step_once(r, worker, raw, do):
    this = json.loads(raw)
    do(this)
    after = follow_up(raw, next_id(this))
    if after:
        enqueue_once(r, after)
    finish(r, worker, raw)
    if not r.set("done:" + this["id"], worker, nx=True, ex=3600):
        raise RuntimeError("another worker was faster")
