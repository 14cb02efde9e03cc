"""One lock for the whole shop: every order waits for every other.

expects: WRONG
says: order 8 had to wait: worker 2 did not come back
"""


import json
import time
from uuid import uuid4

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up


def step(r, worker, raw, do):
    while not r.set("lock", worker, nx=True):
        time.sleep(0.01)
    try:
        do(json.loads(raw))
        after = follow_up(raw, uuid4().hex)
        if after:
            r.lpush("jobs", after)
        finish(r, worker, raw)
    finally:
        r.delete("lock")
