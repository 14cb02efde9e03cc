"""The follow-up carries the whole list again: the balance follows the balance for ever.

expects: WRONG lost duplicated
says: order 7 shipping
"""


import json
from uuid import uuid4

from workbook.taught.lab11 import enqueue
from workbook.taught.lab15 import finish


def step(r, worker, raw, do):
    this = json.loads(raw)
    do(this)
    if this["args"]["then"]:
        enqueue(r, this["args"]["then"][0], this["args"], uuid4().hex)
    finish(r, worker, raw)
