"""Finishes in a finally: a job that was ended counts as done.

expects: WRONG lost
says: SIGTERM came after tick 4 of 10
says: lost: 1 of 2 jobs: newsletter-1
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
        except Stopped:
            pass
        finally:
            finish(r, worker, raw)
    return "stopped" if asked else "idle"
