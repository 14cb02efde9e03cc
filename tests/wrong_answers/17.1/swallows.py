"""Swallows what do raises: nobody learns that a retry is due.

expects: WRONG
says: step returned as if all were well
"""


import json
from uuid import uuid4

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up


def step(r, worker, raw, do):
    try:
        do(json.loads(raw))
    except Exception:
        return
    after = follow_up(raw, uuid4().hex)
    if after:
        r.lpush("jobs", after)
    finish(r, worker, raw)
