"""Looks at the signal only when a job was given back: after one that was done it takes the next.

expects: WRONG stuck
says: newsletter-2
"""

import itertools
import json
import signal

from workbook.taught.lab15 import finish, take
from workbook.taught.lab18 import Stopped


def run_until_stopped(r, worker, handlers, leases, grace):
    asked, steps = [], itertools.count(1)
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))

    def tick():
        leases.renew(worker)
        if asked and next(steps) > grace:
            raise Stopped

    while (raw := take(r, worker, 0.1)) is not None:
        todo = json.loads(raw)
        try:
            handlers[todo["name"]](todo["args"], tick)
            finish(r, worker, raw)
        except Stopped:
            return "stopped"
    return "stopped" if asked else "idle"
