"""A lock for each order that ends after a second: so long whoever takes over waits for the dead worker.

expects: WRONG
says: at once what it held was given back
says: none of these keys had ended: lock:
says: stuck: another worker had not returned
says: in Redis there is: lock:
says: nobody waits for a worker that is dead
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
    lock = f"lock:{this['args']['order']}"
    while not r.set(lock, worker, nx=True, ex=1):
        time.sleep(0.01)
    try:
        do(this)
        after = follow_up(raw, next_id(this))
        if after:
            enqueue_once(r, after)
        finish(r, worker, raw)
    finally:
        r.delete(lock)
