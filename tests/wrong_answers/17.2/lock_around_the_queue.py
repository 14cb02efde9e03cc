"""A lock without an end around look and push, one for all orders: dead inside, it stops the shop.

expects: WRONG
says: meanwhile another order came in
says: stuck: worker 1000 had not returned
says: in Redis there is: lock
says: who waits for that worker
"""


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
    do(this)
    while not r.set("lock", worker, nx=True):
        time.sleep(0.01)
    after = follow_up(raw, next_id(this))
    if after:
        enqueue_once(r, after)
    finish(r, worker, raw)
    r.delete("lock")
