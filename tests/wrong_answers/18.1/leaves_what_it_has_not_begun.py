"""Looks at the signal when it has taken a job, and leaves that job in its list.

expects: WRONG stuck
says: newsletter-1 has 2 ticks, the grace was 0
says: took it with BLMOVE
"""

import itertools
import json
import signal

from workbook.taught.lab15 import finish, take
from workbook.taught.lab18 import Stopped, give_back


def run_until_stopped(r, worker, handlers, leases, grace):
    asked, steps = [], itertools.count(1)
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))

    def tick():
        leases.renew(worker)
        if asked and next(steps) > grace:
            raise Stopped

    while not asked and (raw := take(r, worker, 0.1)) is not None:
        if asked:
            return "stopped"
        todo = json.loads(raw)
        try:
            handlers[todo["name"]](todo["args"], tick)
            finish(r, worker, raw)
        except Stopped:
            give_back(r, worker, todo["id"])
    return "stopped" if asked else "idle"
