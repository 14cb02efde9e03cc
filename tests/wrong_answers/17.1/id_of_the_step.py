"""Takes the step's name for the id: the next order has a step of this name too.

expects: WRONG lost
says: two different jobs have one id, 'after deposit': order 7 balance and order 8 balance
"""


import json
from uuid import uuid4

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up


def step(r, worker, raw, do):
    this = json.loads(raw)
    do(this)
    after = follow_up(raw, f"after {this['name']}")
    if after:
        r.lpush("jobs", after)
    finish(r, worker, raw)
