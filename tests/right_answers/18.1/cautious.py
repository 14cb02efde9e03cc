"""Looks at the signal again when it has taken a job, and gives one back that it has not begun."""

import json
import signal

from workbook.taught.lab15 import finish, take
from workbook.taught.lab18 import Stopped, give_back


def run_until_stopped(r, worker, handlers, leases, grace):
    state = {"asked": False, "steps": 0}
    signal.signal(signal.SIGTERM, lambda *_: state.update(asked=True))

    def tick():
        leases.renew(worker)
        state["steps"] += state["asked"]
        if state["steps"] > grace:
            raise Stopped("the grace is over")

    while not state["asked"]:
        leases.renew(worker)
        raw = take(r, worker, 0.1)
        if raw is None:
            break
        job = json.loads(raw)
        try:
            if state["asked"]:
                raise Stopped("not even begun")
            handlers[job["name"]](job["args"], tick)
        except Stopped:
            give_back(r, worker, job["id"])
            continue
        finish(r, worker, raw)
    return "stopped" if state["asked"] else "idle"
