"""Remembers the follow-up for a second: whoever comes later than that queues it again.

expects: WRONG duplicated
says: these keys had ended: seen:order
says: is twice in the queue
says: Where is that remembered, for how long
"""


import json

from workbook.taught.lab15 import finish
from workbook.taught.lab17 import follow_up

SCRIPT = "if redis.call('SET', KEYS[1], 1, 'NX', 'PX', 1000) then redis.call('LPUSH', 'jobs', ARGV[1]) end"


def step_once(r, worker, raw, do):
    this = json.loads(raw)
    do(this)
    order, number = this["id"].rsplit(":", 1)
    id = f"{order}:{int(number) + 1}"
    after = follow_up(raw, id)
    if after:
        r.eval(SCRIPT, 1, f"seen:{id}", after)
    finish(r, worker, raw)
