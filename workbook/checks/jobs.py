"""What the checks of part 1 share: jobs as they stand in a trial's Redis.

The layout that the labs teach: jobs wait in the list `jobs` (pushed on the left, taken on the right); what worker w has
taken is in the list `processing:w`; jobs that failed are in the sorted sets `retry` and `dead`. A job is JSON with an `id`;
in lab 15 it is its text.
"""

import contextlib
import inspect
import json
import os

from workbook.anomalies import as_text
from workbook.verdicts import Wrong


def read_job(raw):
    """What stands in a list or a set, as a dict; None when it is no JSON object."""
    try:
        read = json.loads(raw)
    except (ValueError, TypeError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def id_of(raw):
    """The id of a job, as text; whatever has none is known by its text, in the dead set too."""
    read = read_job(raw) or {}
    return str(read.get("id", read.get("text", as_text(raw)))) or "an empty text"


def listed(trial, key="jobs"):
    """What is in a list, in bytes, the next one to be taken first. It ends the check as WRONG if `key` is something else."""
    kind = as_text(trial.redis.type(key))
    if kind not in ("list", "none"):
        raise Wrong(f"afterwards {key} is a {kind}", must_hold=f"{key} is a list, from which workers take", hint=None)
    return trial.redis.lrange(key, 0, -1)[::-1]


def ids_in(trial, key="jobs"):
    """The ids of the jobs in a list, the next one to be taken first."""
    return [id_of(raw) for raw in listed(trial, key)]


def dump_all(trial):
    """Everything in the trial's database: {key: its contents as Redis would save them}."""
    return {as_text(key): trial.redis.dump(key) for key in trial.redis.scan_iter()}


def restore(trial, dumped):
    """Begin the next experiment with what was in the database when it was dumped."""
    trial.again()
    for key, contents in dumped.items():
        trial.redis.restore(key, 0, contents)


def changed_keys(before, after):
    """The names of the keys in which two dumps differ."""
    return sorted(key for key in {*before, *after} if before.get(key) != after.get(key))


READ = {
    "list": lambda r, key: r.lrange(key, 0, -1),
    "set": lambda r, key: r.smembers(key),
    "zset": lambda r, key: r.zrange(key, 0, -1),
    "hash": lambda r, key: [thing for pair in r.hgetall(key).items() for thing in pair],
    "string": lambda r, key: [r.get(key)],
}


def found_elsewhere(trial, ids, known=("jobs",)):
    """A line for each key, three at most, that has one of these jobs, though it is none of those `known` to the workers."""
    told = []
    for key in sorted(map(as_text, trial.redis.scan_iter())):
        kind = as_text(trial.redis.type(key))
        if key in known or kind not in READ:
            continue
        things = READ[kind](trial.redis, key)
        here = sorted(id for id in ids if any(id == id_of(thing) or id in as_text(thing) for thing in things))
        if here:
            told.append(f"{key} has {', '.join(here)}, and no worker looks there for it")
    return told[:3]


def hash_of_its_own(answer):
    """In a worker: what `hash` makes of a text is this process's own in the answer, as it is between machines.

    Workers are forks here, and would share the seed. Numbers have the same hash everywhere.
    """

    def own(thing):
        if isinstance(thing, (str, bytes)):
            return hash((os.getpid(), thing))
        return hash(tuple(map(own, thing)) if isinstance(thing, tuple) else thing)

    with contextlib.suppress(AttributeError):
        inspect.unwrap(answer).__globals__["hash"] = own
