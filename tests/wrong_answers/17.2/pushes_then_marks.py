"""Pushes first and remembers then: dead in between, it is pushed again.

expects: WRONG duplicated
says: was killed after its LPUSH
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
    if after and not r.exists(f"seen:{next_id(this)}"):
        r.lpush("jobs", after)
        r.set(f"seen:{next_id(this)}", 1)
    finish(r, worker, raw)
