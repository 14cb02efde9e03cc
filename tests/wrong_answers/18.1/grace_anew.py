"""Each SIGTERM gives the whole grace again.

expects: WRONG
says: again after tick 5
says: 3 mails were sent after SIGTERM
"""

import json
import signal

from workbook.taught.lab15 import finish, take
from workbook.taught.lab18 import Stopped, give_back


def run_until_stopped(r, worker, handlers, leases, grace):
    asked = []
    left = grace

    def stop(number, frame):
        nonlocal left
        asked.append(number)
        left = grace

    signal.signal(signal.SIGTERM, stop)

    def tick():
        leases.renew(worker)
        nonlocal left
        if asked:
            left -= 1
        if left < 0:
            raise Stopped

    while not asked and (raw := take(r, worker, 0.1)) is not None:
        todo = json.loads(raw)
        try:
            handlers[todo["name"]](todo["args"], tick)
            finish(r, worker, raw)
        except Stopped:
            give_back(r, worker, todo["id"])
    return "stopped" if asked else "idle"
