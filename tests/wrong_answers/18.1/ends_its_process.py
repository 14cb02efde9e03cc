"""Ends the process itself: nobody gets an answer.

expects: WRONG
says: the process went on after SIGTERM, and then ended itself
"""

import json
import os
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
    if stop:
        os._exit(0)
    return "stopped" if stop else "idle"
