"""Puts its job back while another order is being worked on, whichever it is.

expects: WRONG
says: order 8 had to wait: order 8 deposit
"""


import json
from uuid import uuid4

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up


def step(r, worker, raw, do):
    if not r.set("busy", worker, nx=True):
        r.lpush("jobs", raw)
        finish(r, worker, raw)
        return
    try:
        do(json.loads(raw))
        after = follow_up(raw, uuid4().hex)
        if after:
            r.lpush("jobs", after)
        finish(r, worker, raw)
    finally:
        r.delete("busy")
