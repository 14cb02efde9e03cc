"""What lab 12 teaches, as later labs, workers and benchmarks import it.

Built from solutions/12-spikes-and-workers.py by `python3 -m workbook build`: change it there.
"""

import json
import redis
from workbook.taught.lab11 import job

# Taught in labs/12-spikes-and-workers.ipynb, cell 12-005: Recap
def job_at(name, args, id, at):
    """A job as `job` makes it, that also says when it was queued: `at`, in seconds."""
    return json.dumps({**json.loads(job(name, args, id)), "at": at}).encode()


def queued_at(raw):
    """When the job `raw` was queued, its `at`; None when it does not say, or is no job."""
    try:
        at = json.loads(raw)["at"]
    except (ValueError, TypeError, KeyError):
        return None
    return at if isinstance(at, (int, float)) else None


# Taught in labs/12-spikes-and-workers.ipynb, cell 12-060: Exercise 12.1: offer
def offer(r, raw, limit):
    """Queue the job `raw` if fewer than `limit` wait in `jobs`: True if it was accepted, False if it was refused.

    Raises what redis-py raises when no answer comes: then nobody knows. True and False hold if `r` sends nothing twice.
    """
    script = """
    if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
    redis.call('LPUSH', KEYS[1], ARGV[1])
    return 1
    """
    try:
        return r.eval(script, 1, "jobs", raw, limit) == 1
    except redis.OutOfMemoryError:
        return False


# Taught in labs/12-spikes-and-workers.ipynb, cell 12-071: Exercise 12.2: left to do
def left_to_do(r, now):
    """What is left to do at one moment: a dict with `waiting`, `in_flight` and `oldest`, an age in seconds or None.

    now: the time, in the seconds of the jobs' `at`.
    """
    script = """
    local held = {}
    for _, name in ipairs(redis.call('KEYS', 'processing:*')) do
        for _, raw in ipairs(redis.call('LRANGE', name, 0, -1)) do table.insert(held, raw) end
    end
    return {redis.call('LRANGE', 'jobs', 0, -1), held}
    """
    waiting, held = r.eval(script, 0)
    ages = [now - at for at in map(queued_at, waiting + held) if at is not None]
    return {"waiting": len(waiting), "in_flight": len(held), "oldest": max(ages, default=None)}


# How many values each prediction has: `predict` says so when another number is given.
PREDICTED = {
    "12.p1": 3,
    "12.p2": 2,
    "12.p3": 2,
    "12.p4": 4,
}
