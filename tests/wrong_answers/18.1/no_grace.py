"""Ends the job at its next step, also one that would be done in a moment.

expects: WRONG
says: newsletter-1 was ended after tick 4
"""

import json
import signal

from workbook.taught.lab15 import finish, take
from workbook.taught.lab18 import Stopped, give_back


def run_until_stopped(r, worker, handlers, leases, grace):
    asked = []
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))

    def tick():
        leases.renew(worker)
        if asked:
            raise Stopped

    while not asked and (raw := take(r, worker, 0.1)) is not None:
        todo = json.loads(raw)
        try:
            handlers[todo["name"]](todo["args"], tick)
            finish(r, worker, raw)
        except Stopped:
            give_back(r, worker, todo["id"])
    return "stopped" if asked else "idle"
