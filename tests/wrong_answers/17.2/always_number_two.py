"""Every follow-up is number two: the third step has an id that was seen.

expects: WRONG lost
says: two different jobs have one id, 'order 7:2': order 7 balance and order 7 shipping
"""


import json

from workbook.taught.lab15 import finish
from workbook.taught.lab16 import enqueue_once
from workbook.taught.lab17 import follow_up


def step_once(r, worker, raw, do):
    this = json.loads(raw)
    do(this)
    after = follow_up(raw, f"order {this['args']['order']}:2")
    if after:
        enqueue_once(r, after)
    finish(r, worker, raw)
