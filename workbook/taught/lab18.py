"""What lab 18 teaches, as later labs, workers and benchmarks import it.

Built from solutions/18-long-running-jobs.py by `python3 -m workbook build`: change it there.
"""

import itertools
import json
import signal
from contextlib import suppress
from workbook.taught.lab15 import finish
from workbook.taught.lab15 import take

# Taught in labs/18-long-running-jobs.ipynb, cell 18-038: To stop in time
class Stopped(BaseException):
    """Raised in a job, by its `tick()`, to end it. No Exception: a job that catches every Exception must not catch this."""


# Taught in labs/18-long-running-jobs.ipynb, cell 18-042: To stop in time
def take_alive(r, worker, leases):
    """Renew the lease of `worker`, then take a job: bytes, or None when none came within 0.1 seconds."""
    leases.renew(worker)
    return take(r, worker, 0.1)


# Taught in labs/18-long-running-jobs.ipynb, cell 18-045: To stop in time
def give_back(r, worker, id):
    """Give back the job that `worker` holds and can't end, to be taken next, and note the interruption: both, or neither."""
    with r.pipeline() as pipe:
        pipe.lmove(f"processing:{worker}", "jobs", "RIGHT", "RIGHT")
        pipe.hincrby("interrupted", id, 1)
        pipe.execute()


# Taught in labs/18-long-running-jobs.ipynb, cell 18-050: Exercise 18.1: run until stopped
def run_until_stopped(r, worker, handlers, leases, grace):
    """Do the jobs in `jobs` until none is left ("idle") or SIGTERM has come ("stopped"); returns which.

    handlers: name -> function(args, tick); a job calls tick() before each of its steps. grace: how many steps the job at
    hand may still begin after SIGTERM; if it needs more, it is ended by `Stopped` and given back.
    """
    asked, steps = [], itertools.count(1)
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))

    def tick():
        leases.renew(worker)
        if asked and next(steps) > grace:
            raise Stopped

    while not asked and (raw := take_alive(r, worker, leases)) is not None:
        todo = json.loads(raw)
        with suppress(Stopped):
            if not asked:
                handlers[todo["name"]](todo["args"], tick)
                finish(r, worker, raw)
                continue
        give_back(r, worker, todo["id"])
    return "stopped" if asked else "idle"


# Taught in labs/18-long-running-jobs.ipynb, cell 18-064: The job that kills its worker
def after_crash(raw, now):
    """The job `raw` with one more crash written down: crashes, first and last time, reason. All else stays."""
    todo = json.loads(raw)
    told = {"crashes": todo.get("crashes", 0) + 1, "first": todo.get("first", now), "last": now}
    return todo | told | {"reason": "its worker fell silent"}


# Taught in labs/18-long-running-jobs.ipynb, cell 18-070: Exercise 18.2: count the crash
def count_crash(r, worker, limit, now):
    """Take the newest job out of the list of `worker`, who is dead, and count a crash of it: "given back", "buried" or None.

    A job that has crashed `limit` times or more goes to the sorted set `dead`. now: seconds.
    """
    mine = f"processing:{worker}"

    def move(pipe):
        raw = pipe.lindex(mine, 0)
        if raw is None:
            return None
        todo = after_crash(raw, now)
        pipe.multi()
        pipe.lpop(mine)
        if todo["crashes"] < limit:
            pipe.rpush("jobs", json.dumps(todo))
            return "given back"
        pipe.zadd("dead", {json.dumps(todo): now})
        return "buried"

    return r.transaction(move, mine, value_from_callable=True)


# Taught in labs/18-long-running-jobs.ipynb, cell 18-073: Exercise 18.2: count the crash
def recover_counting(r, limit, now):
    """Take care of all that silent workers hold; returns how many jobs were given back or buried. now: seconds."""
    cared_for = 0
    for mine in r.scan_iter("processing:*"):
        worker = mine.decode().removeprefix("processing:")
        while not r.exists(f"lease:{worker}") and count_crash(r, worker, limit, now):
            cared_for += 1
    return cared_for


# How many values each prediction has: `predict` says so when another number is given.
PREDICTED = {
    "18.p1": 2,
    "18.p2": 4,
    "18.p3": 2,
}
