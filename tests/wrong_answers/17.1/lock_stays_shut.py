"""A lock for each order, which stays shut when the charge is refused.

expects: WRONG
says: a job that was refused is done when it comes again
says: in Redis there is: lock:7
"""


import json
import time
from uuid import uuid4

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up


def step(r, worker, raw, do):
    this = json.loads(raw)
    lock = f"lock:{this['args']['order']}"
    while not r.set(lock, worker, nx=True):
        time.sleep(0.01)
    do(this)
    after = follow_up(raw, uuid4().hex)
    if after:
        r.lpush("jobs", after)
    finish(r, worker, raw)
    r.delete(lock)
