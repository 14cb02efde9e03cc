"""A new random id for each follow-up: nobody can see that two of them are the same.

expects: WRONG duplicated
says: balance is twice in what was done
"""


import json
from uuid import uuid4

from workbook.taught.lab15 import finish
from workbook.taught.lab16 import enqueue_once
from workbook.taught.lab17 import follow_up


def step_once(r, worker, raw, do):
    do(json.loads(raw))
    after = follow_up(raw, uuid4().hex)
    if after:
        enqueue_once(r, after)
    finish(r, worker, raw)
