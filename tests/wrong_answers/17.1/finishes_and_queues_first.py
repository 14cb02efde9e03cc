"""Finishes and queues in one transaction, and then does the work.

expects: WRONG reordered
says: a step is not queued until the one before it is done
"""


import json
from uuid import uuid4

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up


def step(r, worker, raw, do):
    after = follow_up(raw, uuid4().hex)
    pipe = r.pipeline()
    pipe.lrem(f"processing:{worker}", 1, raw)
    if after:
        pipe.lpush("jobs", after)
    pipe.execute()
    do(json.loads(raw))
