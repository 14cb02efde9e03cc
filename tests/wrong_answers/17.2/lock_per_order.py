"""A lock for each order, which nobody opens when the worker dies inside.

expects: WRONG
says: stuck: another worker had not returned
says: in Redis there is: lock:order 2
"""


import json
import time

from workbook.taught.lab15 import finish
from workbook.taught.lab16 import enqueue_once
from workbook.taught.lab17 import follow_up


def step_once(r, worker, raw, do):
    this = json.loads(raw)
    order, number = this["id"].rsplit(":", 1)
    while not r.set(f"lock:{order}", worker, nx=True):
        time.sleep(0.01)
    try:
        do(this)
        after = follow_up(raw, f"{order}:{int(number) + 1}")
        if after:
            enqueue_once(r, after)
        finish(r, worker, raw)
    finally:
        r.delete(f"lock:{order}")
