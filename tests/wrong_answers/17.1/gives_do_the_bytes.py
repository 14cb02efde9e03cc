"""Hands over the job as bytes.

expects: YOUR CODE RAISED
says: do takes a job, a dict
says: at step, line 2
"""


from uuid import uuid4

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up


def step(r, worker, raw, do):
    do(raw)
    after = follow_up(raw, uuid4().hex)
    if after:
        r.lpush("jobs", after)
    finish(r, worker, raw)
