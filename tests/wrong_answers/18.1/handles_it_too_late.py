"""Handles SIGTERM from its first job on: before that it ends the process.

expects: WRONG
says: no job waits, and SIGTERM comes while the worker asks for one
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
        signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
        todo = json.loads(raw)
        try:
            handlers[todo["name"]](todo["args"], tick)
            finish(r, worker, raw)
        except Stopped:
            give_back(r, worker, todo["id"])
    return "stopped" if asked else "idle"
