"""Queues the follow-up before the work: the formalities first.

expects: WRONG reordered
says: order 7 deposit came after order 7
"""


import json
from uuid import uuid4

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up


def step(r, worker, raw, do):
    after = follow_up(raw, uuid4().hex)
    if after:
        r.lpush("jobs", after)
    do(json.loads(raw))
    finish(r, worker, raw)
