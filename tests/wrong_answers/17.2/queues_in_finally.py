"""Queues and finishes in any case, also after an exception: a kill does not run a finally, a refusal does.

expects: WRONG
says: nothing is queued for a job that was not done
"""


import json

from workbook.taught.lab15 import finish
from workbook.taught.lab16 import enqueue_once
from workbook.taught.lab17 import follow_up


def step_once(r, worker, raw, do):
    this = json.loads(raw)
    order, number = this["id"].rsplit(":", 1)
    try:
        do(this)
    finally:
        after = follow_up(raw, f"{order}:{int(number) + 1}")
        if after:
            enqueue_once(r, after)
        finish(r, worker, raw)
