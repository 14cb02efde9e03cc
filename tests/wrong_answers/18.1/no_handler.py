"""Does not handle SIGTERM: the process is ended at once, with the job in its list.

expects: WRONG stuck
says: SIGTERM ended the process at once; its job waits for the end of a lease
"""

import itertools
import json

from workbook.taught.lab15 import finish, take
from workbook.taught.lab18 import Stopped, give_back


def run_until_stopped(r, worker, handlers, leases, grace):
    asked, steps = [], itertools.count(1)

    def tick():
        leases.renew(worker)
        if asked and next(steps) > grace:
            raise Stopped

    while not asked and (raw := take(r, worker, 0.1)) is not None:
        todo = json.loads(raw)
        try:
            handlers[todo["name"]](todo["args"], tick)
            finish(r, worker, raw)
        except Stopped:
            give_back(r, worker, todo["id"])
    return "stopped" if asked else "idle"
