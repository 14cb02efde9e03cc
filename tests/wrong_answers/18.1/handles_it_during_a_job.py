"""Handles SIGTERM only while a job runs: in between it ends the process, with a job in its list.

expects: WRONG
says: SIGTERM ended the process at once
"""

import itertools
import json
import signal

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
        signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
        try:
            handlers[todo["name"]](todo["args"], tick)
            finish(r, worker, raw)
        except Stopped:
            give_back(r, worker, todo["id"])
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return "stopped" if asked else "idle"
