"""What lab 13 teaches, as later labs, workers and benchmarks import it.

Built from solutions/13-retries.py by `python3 -m workbook build`: change it there.
"""

import json
from workbook.taught.lab15 import finish

# Taught in labs/13-retries.ipynb, cell 13-022: Exercise 13.1: the delay for an attempt
def delay(attempt, rng):
    """Seconds to wait after failed attempt number `attempt` (from 1). rng: a random.Random."""
    ceiling = min(3600, 15 * 2 ** (attempt - 1))
    return rng.uniform(0, ceiling)


# Taught in labs/13-retries.ipynb, cell 13-048: Exercise 13.2: bring back what is due
def move_due(r, now):
    """Move the jobs of the sorted set `retry` whose score is not above `now` to the list `jobs`; returns how many."""
    move = """
    local due = redis.call('ZRANGE', 'retry', '-inf', ARGV[1], 'BYSCORE')
    for _, raw in ipairs(due) do
        redis.call('LPUSH', 'jobs', raw)
        redis.call('ZREM', 'retry', raw)
    end
    return #due
    """
    return r.eval(move, 0, now)


# Taught in labs/13-retries.ipynb, cell 13-052: Failures that do not pass
def after_failure(raw, error, now):
    """The job `raw` with its failure written down: attempts, first and last time, reason. Malformed: its text only."""
    try:
        todo = json.loads(raw)
        todo["id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        todo = {"text": raw.decode(errors="replace")}
    told = {"attempts": todo.get("attempts", 0) + 1, "first": todo.get("first", now), "last": now}
    return todo | told | {"reason": f"{type(error).__name__}: {error}"}


# Taught in labs/13-retries.ipynb, cell 13-058: Exercise 13.3: retry, bury, redrive
class Failures:
    """What becomes of jobs that failed: another attempt later, or the dead set. most: attempts, the first one included."""

    def __init__(self, r, most=10):
        self.r, self.most = r, most

    def fail(self, worker, raw, error, now, rng):
        """The attempt of `worker` at `raw` failed: to `retry` or to `dead`. False when the worker does not hold it."""
        todo = after_failure(raw, error, now)
        target, at = "dead", now
        if "id" in todo and todo["attempts"] < self.most:
            target, at = "retry", now + delay(todo["attempts"], rng)
        move = """
        local held = redis.call('LREM', KEYS[1], 1, ARGV[1])
        if held == 1 then redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2]) end
        return held
        """
        return self.r.eval(move, 2, f"processing:{worker}", target, raw, json.dumps(todo), at) == 1

    def redrive(self, id):
        """Give the dead job `id` back to `jobs`, as it was before it failed. False when it is not in `dead`."""
        move = """
        local there = redis.call('ZREM', 'dead', ARGV[1])
        if there == 1 then redis.call('LPUSH', 'jobs', ARGV[2]) end
        return there
        """
        for raw in self.r.zrange("dead", 0, -1):
            todo = json.loads(raw)
            if todo.get("id") == id:
                anew = {key: todo[key] for key in todo if key not in ("attempts", "first", "last", "reason")}
                return self.r.eval(move, 0, raw, json.dumps(anew)) == 1
        return False


# Taught in labs/13-retries.ipynb, cell 13-061: All of it together
def fail(r, worker, raw, error, now, rng):
    """See `Failures.fail`."""
    return Failures(r).fail(worker, raw, error, now, rng)


def redrive(r, id):
    """See `Failures.redrive`."""
    return Failures(r).redrive(id)


# Taught in labs/13-retries.ipynb, cell 13-062: All of it together
def attempt(r, worker, raw, handlers, now, rng):
    """Do the job `raw`, which `worker` holds: finished, or failed."""
    try:
        todo = json.loads(raw)
        handlers[todo["name"]](todo["args"])
    except Exception as error:
        return fail(r, worker, raw, error, now, rng)
    return finish(r, worker, raw)


# How many values each prediction has: `predict` says so when another number is given.
PREDICTED = {
    "13.p1": 1,
    "13.p2": 3,
    "13.p3": 3,
}
