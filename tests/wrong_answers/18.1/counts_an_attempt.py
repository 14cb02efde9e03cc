"""Counts the deployment as a failed attempt of the job.

expects: WRONG
says: a deployment is no fault of the job
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
            again = json.dumps({**todo, "attempts": todo.get("attempts", 0) + 1})
            with r.pipeline() as pipe:
                pipe.lrem(f"processing:{worker}", 1, raw)
                pipe.rpush("jobs", again)
                pipe.hincrby("interrupted", todo["id"], 1)
                pipe.execute()
    return "stopped" if asked else "idle"
