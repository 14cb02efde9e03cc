"""Knows the steps of an order by heart, instead of reading what the job carries.

expects: WRONG lost
says: the steps of order 1001 are quote, reserve, invoice, parcel
"""


import json

from workbook.taught.lab11 import job
from workbook.taught.lab15 import finish
from workbook.taught.lab16 import enqueue_once

NEXT = {"deposit": "balance", "balance": "shipping"}


def step_once(r, worker, raw, do):
    this = json.loads(raw)
    do(this)
    name, order = NEXT.get(this["name"]), this["args"]["order"]
    if name:
        enqueue_once(r, job(name, {"order": order, "then": []}, f"order {order} {name}"))
    finish(r, worker, raw)
