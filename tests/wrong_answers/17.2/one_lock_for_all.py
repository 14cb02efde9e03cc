"""A lock with an end, and one for the whole shop: every order waits for every other.

expects: WRONG
says: order 8 had to wait
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
    while not r.set("lock", worker, nx=True, px=30_000):
        time.sleep(0.01)
    try:
        do(this)
        after = follow_up(raw, next_id(this))
        if after:
            enqueue_once(r, after)
        finish(r, worker, raw)
    finally:
        r.delete("lock")
