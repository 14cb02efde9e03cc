"""Queues all that is left of the chain as soon as the first step is done, each step once.

expects: WRONG
says: in jobs: order 7 balance, order 7 shipping
"""


import json

from workbook.taught.lab11 import job
from workbook.taught.lab15 import finish
from workbook.taught.lab16 import enqueue_once


def step_once(r, worker, raw, do):
    this = json.loads(raw)
    do(this)
    order = this["args"]["order"]
    for name in this["args"]["then"]:
        enqueue_once(r, job(name, {"order": order, "then": []}, f"order {order} {name}"))
    finish(r, worker, raw)
