"""Renews its lease in `tick` alone: between the take and the first tick, and in a job without a tick, it counts as dead.

expects: WRONG
says: worker 1 has taken it, and there is no key lease:worker 1
"""

import json
import signal

from workbook.taught.lab15 import finish, take
from workbook.taught.lab18 import Stopped, give_back


def run_until_stopped(r, worker, handlers, leases, grace):
    asked, steps = [], []
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))

    def tick():
        leases.renew(worker)
        if asked:
            steps.append(1)
            if len(steps) > grace:
                raise Stopped

    while not asked:
        raw = take(r, worker, 0.1)
        if raw is None:
            break
        job = json.loads(raw)
        try:
            if asked:
                raise Stopped
            handlers[job["name"]](job["args"], tick)
        except Stopped:
            give_back(r, worker, job["id"])
        else:
            finish(r, worker, raw)
    return "stopped" if asked else "idle"
