"""The client's own lock, one for each order, around everything: it does no harm."""


import json
from uuid import uuid4

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up


def step(r, worker, raw, do):
    this = json.loads(raw)
    with r.lock(f"lock:{this['args']['order']}"):
        do(this)
        after = follow_up(raw, uuid4().hex)
        if after:
            r.lpush("jobs", after)
        finish(r, worker, raw)
