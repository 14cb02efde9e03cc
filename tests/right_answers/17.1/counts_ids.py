"""Redis counts the jobs of the whole shop, and a step remembers that it was done, not that it was begun."""


import json

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up


def step(r, worker, raw, do):
    this = json.loads(raw)
    if not r.exists(f"done:{this['id']}"):
        do(this)
        r.set(f"done:{this['id']}", 1)
    after = follow_up(raw, str(r.incr("ids")))
    if after:
        r.lpush("jobs", after)
    finish(r, worker, raw)
