"""The follow-up keeps the id of the job before it: the provider takes it for the same charge.

expects: WRONG lost
says: with a key that it knew from another step
"""


import json
from uuid import uuid4

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up


def step(r, worker, raw, do):
    this = json.loads(raw)
    do(this)
    after = follow_up(raw, this["id"])
    if after:
        r.lpush("jobs", after)
    finish(r, worker, raw)
