"""Queues the follow-up in any case, also after an exception.

expects: WRONG
says: nothing is queued for a job that was not done
"""


import json
from uuid import uuid4

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up


def step(r, worker, raw, do):
    try:
        do(json.loads(raw))
    finally:
        after = follow_up(raw, uuid4().hex)
        if after:
            r.lpush("jobs", after)
        finish(r, worker, raw)
