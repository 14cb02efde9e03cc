"""Gives the effect a new key on each try: the repeated step is charged again.

expects: WRONG duplicated
says: deposit is twice in what was done
"""


import json
import time

from workbook.taught.lab15 import finish
from workbook.taught.lab16 import enqueue_once
from workbook.taught.lab17 import follow_up


def next_id(this):
    order, number = this["id"].rsplit(":", 1)
    return f"{order}:{int(number) + 1}"


def step_once(r, worker, raw, do):
    this = json.loads(raw)
    do({**this, "id": f"{this['id']} at {time.monotonic_ns()}"})
    after = follow_up(raw, next_id(this))
    if after:
        enqueue_once(r, after)
    finish(r, worker, raw)
