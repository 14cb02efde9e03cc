"""Claims the step for a second, and takes a job whose step is claimed for done.

expects: WRONG lost
says: at once what it held was given back
says: none of these keys had ended: claim:order
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
    claim = "claim:" + this["id"]
    if not r.set(claim, worker, nx=True, ex=1):
        finish(r, worker, raw)
        return
    try:
        do(this)
    except Exception:
        r.delete(claim)
        raise
    after = follow_up(raw, next_id(this))
    if after:
        enqueue_once(r, after)
    finish(r, worker, raw)
