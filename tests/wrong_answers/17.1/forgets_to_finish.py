"""Never finishes: the worker's list keeps what is done.

expects: WRONG stuck
says: a job that was done leaves the worker's list
"""


import json
from uuid import uuid4

from workbook.taught.lab17 import follow_up


def step(r, worker, raw, do):
    do(json.loads(raw))
    after = follow_up(raw, uuid4().hex)
    if after:
        r.lpush("jobs", after)
