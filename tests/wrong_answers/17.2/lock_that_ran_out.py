"""A right body in the client's own lock, whose end comes as an exception when the worker is late.

expects: YOUR CODE RAISED
says: for a day: its job was given to another worker
says: LockNotOwnedError
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
    with r.lock(f"lock:{this['args']['order']}", timeout=30):
        do(this)
        after = follow_up(raw, next_id(this))
        if after:
            enqueue_once(r, after)
        finish(r, worker, raw)
