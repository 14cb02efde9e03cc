"""Finishes before it queues, by enqueue: without a crash nobody can see the difference."""


import json

from workbook.taught.lab11 import enqueue
from workbook.taught.lab15 import finish


def step(r, worker, raw, do):
    this = json.loads(raw)
    try:
        do(this)
    except Exception as error:
        raise RuntimeError("not done") from error
    finish(r, worker, raw)
    rest = list(this["args"]["then"])
    if rest:
        name = rest.pop(0)
        enqueue(r, name, dict(this["args"], then=rest), f"{name} of {this['id']}")
