"""Finishes before it queues the follow-up: dead in between, the chain ends there.

expects: WRONG lost
says: was killed after its LREM
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
    finish(r, worker, raw)
    after = follow_up(raw, next_id(this))
    if after:
        enqueue_once(r, after)
