"""Finishes in any case: a refused job is gone, and its chain with it.

expects: WRONG
says: a job that was not done stays in the worker's list
"""


import json
from uuid import uuid4

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up


def step(r, worker, raw, do):
    try:
        do(json.loads(raw))
        after = follow_up(raw, uuid4().hex)
        if after:
            r.lpush("jobs", after)
    finally:
        finish(r, worker, raw)
