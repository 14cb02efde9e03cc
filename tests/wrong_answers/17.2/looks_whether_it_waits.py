"""Looks whether the follow-up waits in the list: it may have been taken, or done, already.

expects: WRONG duplicated
says: and a day later what the dead one had held was given back
"""


import json

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up


def next_id(this):
    order, number = this["id"].rsplit(":", 1)
    return f"{order}:{int(number) + 1}"


def step_once(r, worker, raw, do):
    this = json.loads(raw)
    do(this)
    after = follow_up(raw, next_id(this))
    if after and after not in r.lrange("jobs", 0, -1):
        r.lpush("jobs", after)
    finish(r, worker, raw)
