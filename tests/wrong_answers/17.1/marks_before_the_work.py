"""Remembers that the job was begun: a refused one is skipped when it comes again, and its follow-up is queued.

expects: WRONG lost
says: the job was given back and taken again
says: order 7 deposit was never charged
"""


import json
from uuid import uuid4

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up


def step(r, worker, raw, do):
    this = json.loads(raw)
    if r.set("done:" + this["id"], 1, nx=True):
        do(this)
    after = follow_up(raw, uuid4().hex)
    if after:
        r.lpush("jobs", after)
    finish(r, worker, raw)
