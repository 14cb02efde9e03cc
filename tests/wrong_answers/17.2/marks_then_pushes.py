"""Remembers the id first and pushes then: dead in between, it is remembered and never was there.

expects: WRONG lost
says: was killed after its SET
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
    if after and r.set(f"seen:{next_id(this)}", 1, nx=True):
        r.lpush("jobs", after)
    finish(r, worker, raw)
