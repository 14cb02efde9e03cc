"""A right body in the client's own lock: until that has run out, whoever takes over waits for the dead worker.

expects: WRONG
says: at once what it held was given back
says: none of these keys had ended: lock:
says: nobody waits for a worker that is dead
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
