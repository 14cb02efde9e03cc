"""Does the whole chain in one go: one long job, which a retry repeats from the start.

expects: WRONG
says: charged: order 7 deposit, order 7 balance, order 7 shipping
"""


import json
from uuid import uuid4

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up


def step(r, worker, raw, do):
    this = raw
    while this:
        do(json.loads(this))
        this = follow_up(this, uuid4().hex)
    finish(r, worker, raw)
