"""The id is Python's hash of the job, which is another one in each process.

expects: WRONG duplicated
says: was killed after its EVAL
says: with two different ids
"""


import json

from workbook.taught.lab15 import finish
from workbook.taught.lab16 import enqueue_once
from workbook.taught.lab17 import follow_up


def step_once(r, worker, raw, do):
    do(json.loads(raw))
    after = follow_up(raw, str(hash(raw)))
    if after:
        enqueue_once(r, after)
    finish(r, worker, raw)
