"""Queues everything that is left of the chain at once, as soon as the first step is done.

expects: WRONG
says: in jobs: order 7 balance, order 7 shipping
"""


import json
from uuid import uuid4

from workbook.taught.lab11 import enqueue
from workbook.taught.lab15 import finish


def step(r, worker, raw, do):
    this = json.loads(raw)
    do(this)
    for name in this["args"]["then"]:
        enqueue(r, name, {"order": this["args"]["order"], "then": []}, uuid4().hex)
    finish(r, worker, raw)
