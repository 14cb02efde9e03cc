"""Stops between two jobs only, as QUIT does: the deployment waits for the job.

expects: WRONG
says: 6 mails were sent after SIGTERM
"""

import json
import signal

from workbook.taught.lab15 import finish, take


def run_until_stopped(r, worker, handlers, leases, grace):
    asked = []
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))

    def tick():
        leases.renew(worker)

    while not asked and (raw := take(r, worker, 0.1)) is not None:
        todo = json.loads(raw)
        handlers[todo["name"]](todo["args"], tick)
        finish(r, worker, raw)
    return "stopped" if asked else "idle"
