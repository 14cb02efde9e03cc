"""Does its job and leaves the rest to nobody.

expects: WRONG
says: in jobs: nothing
"""


import json

from workbook.taught.lab15 import finish


def step(r, worker, raw, do):
    do(json.loads(raw))
    finish(r, worker, raw)
