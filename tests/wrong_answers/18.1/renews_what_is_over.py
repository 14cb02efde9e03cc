"""Renews the lease only when it has run out.

expects: WRONG
says: after 3 of 7 ticks
"""

import json
import signal

from workbook.taught.lab15 import finish, take
from workbook.taught.lab18 import Stopped, give_back


def run_until_stopped(r, worker, handlers, leases, grace):
    stop, left = False, grace

    def handler(number, frame):
        nonlocal stop
        stop = True

    def tick():
        nonlocal left
        if stop:
            if left == 0:
                raise Stopped
            left -= 1
        if not r.exists(f"lease:{worker}"):
            leases.renew(worker)

    signal.signal(signal.SIGTERM, handler)
    while not stop and (raw := take(r, worker, 0.1)) is not None:
        todo = json.loads(raw)
        try:
            if stop:
                raise Stopped
            handlers[todo["name"]](todo["args"], tick)
            finish(r, worker, raw)
        except Stopped:
            give_back(r, worker, todo["id"])
    return "stopped" if stop else "idle"
