"""Queues the follow-up once, and before the work.

expects: WRONG reordered
says: worker 1 stood right before it charged order 7 deposit
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
    after = follow_up(raw, next_id(this))
    if after:
        enqueue_once(r, after)
    do(this)
    finish(r, worker, raw)
