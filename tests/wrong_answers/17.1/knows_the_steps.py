"""Knows the steps of an order by heart, instead of reading what the job carries.

expects: WRONG lost
says: the steps of order 1001 are quote, reserve, invoice, parcel
says: order 1001 reserve was never charged
"""


import json
from uuid import uuid4

from workbook.taught.lab11 import enqueue
from workbook.taught.lab15 import finish

NEXT = {"deposit": "balance", "balance": "shipping"}


def step(r, worker, raw, do):
    this = json.loads(raw)
    do(this)
    name = NEXT.get(this["name"])
    if name:
        enqueue(r, name, {"order": this["args"]["order"], "then": []}, uuid4().hex)
    finish(r, worker, raw)
