"""The follow-up keeps the id of the job before it: the provider takes it for the same charge.

expects: WRONG lost
says: two different jobs have one id, 'order 7:1': order 7 deposit and order 7 balance
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
