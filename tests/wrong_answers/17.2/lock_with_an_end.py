"""A lock for each order around a right body, which ends by itself: until then whoever takes over waits for the dead worker.

expects: WRONG
says: at once what it held was given back
says: none of these keys had ended: lock:
says: stuck: another worker had not returned
"""


import json
import time
from uuid import uuid4

from workbook.taught.lab15 import finish
from workbook.taught.lab16 import enqueue_once
from workbook.taught.lab17 import follow_up


def next_id(this):
    order, number = this["id"].rsplit(":", 1)
    return f"{order}:{int(number) + 1}"


OPEN = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


def step_once(r, worker, raw, do):
    this, me = json.loads(raw), uuid4().hex
    lock = f"lock:{this['args']['order']}"
    while not r.set(lock, me, nx=True, px=30_000):
        time.sleep(0.01)
    try:
        do(this)
        after = follow_up(raw, next_id(this))
        if after:
            enqueue_once(r, after)
        finish(r, worker, raw)
    finally:
        r.eval(OPEN, 1, lock, me)
