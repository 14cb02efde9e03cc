"""Two of the orders are for abroad. Their last step prints a label first: each is in time, both together would not be."""


import json
import time

from workbook.taught.lab15 import finish
from workbook.taught.lab16 import enqueue_once
from workbook.taught.lab17 import follow_up


def next_id(this):
    order, number = this["id"].rsplit(":", 1)
    return f"{order}:{int(number) + 1}"


def step_once(r, worker, raw, do):
    this = json.loads(raw)
    after = follow_up(raw, next_id(this))
    if after is None and this["args"]["order"] > 1000:
        time.sleep(1.05)
    do(this)
    if after:
        enqueue_once(r, after)
    finish(r, worker, raw)
