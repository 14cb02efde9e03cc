"""The id names the step and not the order: the second order's step has been seen.

expects: WRONG lost
says: two different jobs have one id, 'after deposit': order 7 balance and order 8 balance
"""


import json

from workbook.taught.lab15 import finish
from workbook.taught.lab16 import enqueue_once
from workbook.taught.lab17 import follow_up


def step_once(r, worker, raw, do):
    this = json.loads(raw)
    do(this)
    after = follow_up(raw, "after " + this["name"])
    if after:
        enqueue_once(r, after)
    finish(r, worker, raw)
