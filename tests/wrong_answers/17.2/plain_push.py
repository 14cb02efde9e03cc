"""The right id, and a push that does not look at it.

expects: WRONG duplicated
says: balance is twice in the queue
"""


import json

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up


def next_id(this):
    order, number = this["id"].rsplit(":", 1)
    return f"{order}:{int(number) + 1}"


def step_once(r, worker, raw, do):
    this = json.loads(raw)
    do(this)
    after = follow_up(raw, next_id(this))
    if after:
        r.lpush("jobs", after)
    finish(r, worker, raw)
