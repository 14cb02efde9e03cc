"""Gives back, then notes it: killed in between, nobody knows of the interruption.

expects: WRONG
says: given back and noted are one step
says: newsletter-1 is in jobs, and interrupted holds nothing
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

    while not asked and (raw := take(r, worker, 0.1)) is not None:
        todo = json.loads(raw)
        try:
            handlers[todo["name"]](todo["args"], tick)
            finish(r, worker, raw)
        except Stopped:
            r.lmove(f"processing:{worker}", "jobs", "RIGHT", "RIGHT")
            r.hincrby("interrupted", todo["id"], 1)
    return "stopped" if asked else "idle"
