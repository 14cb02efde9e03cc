"""Queues the same job again instead of the one after it.

expects: WRONG
says: in jobs: order 7 deposit
"""


import json
from uuid import uuid4

from workbook.taught.lab11 import enqueue
from workbook.taught.lab15 import finish


def step(r, worker, raw, do):
    this = json.loads(raw)
    do(this)
    if this["args"]["then"]:
        enqueue(r, this["name"], this["args"], uuid4().hex)
    finish(r, worker, raw)
