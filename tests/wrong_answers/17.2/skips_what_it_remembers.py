"""Remembers that a step was done before its follow-up is queued, and skips it the second time.

expects: WRONG lost
says: was killed after its SET
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
    if not r.exists(f"done:{this['id']}"):
        do(this)
        r.set(f"done:{this['id']}", 1)
        after = follow_up(raw, next_id(this))
        if after:
            enqueue_once(r, after)
    finish(r, worker, raw)
