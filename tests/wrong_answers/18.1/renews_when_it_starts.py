"""Renews its lease when it starts and in `tick`: a job without a tick before this one, and it counts as dead.

expects: WRONG
says: newsletter-2 has no tick; worker 1 has taken it, and there is no key lease:worker 1
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

    leases.renew(worker)
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
