"""What lab 14 teaches, as later labs, workers and benchmarks import it.

Built from solutions/14-priorities.py by `python3 -m workbook build`: change it there.
"""

import json
from workbook.taught.lab11 import job

# Taught in labs/14-priorities.ipynb, cell 14-005: Recap
def put(r, queue, name, numbers):
    """Queue the jobs `name`-1, `name`-2, … in the list `queue:<queue>`, the first one to be taken first."""
    r.lpush(f"queue:{queue}", *[job(name, {"number": n}, f"{name}-{n}") for n in numbers])


def id_of(raw):
    """The id of a job."""
    return json.loads(raw)["id"]


# Taught in labs/14-priorities.ipynb, cell 14-015: A list for each priority
def pop(r, order, timeout=1):
    """Take the oldest job of the first queue in `order` that has one: (queue, job), or None after `timeout` seconds."""
    popped = r.brpop([f"queue:{name}" for name in order], timeout)
    return popped and (popped[0].decode().removeprefix("queue:"), popped[1])


# Taught in labs/14-priorities.ipynb, cell 14-030: Exercise 14.1: weighted
def weighted(weights, rng):
    """The order in which one fetch tries the queues: a list of names, drawn with `rng`. weights: name -> 1, 2, 3, …"""
    left, order = dict(weights), []
    while left:
        name = rng.choices(list(left), list(left.values()))[0]
        order.append(name)
        del left[name]
    return order


# Taught in labs/14-priorities.ipynb, cell 14-053: Exercise 14.2: a slot that is kept
def fetch(r, slot, weights, rng, timeout=1):
    """The next job for this slot: (queue, job), or None when none came within `timeout` seconds.

    One slot is kept for the queue `urgent`; the others take from all queues, by the weights.
    """
    order = ["urgent"] if slot == 0 else weighted(weights, rng)
    return pop(r, order, timeout)


# How many values each prediction has: `predict` says so when another number is given.
PREDICTED = {
    "14.p1": 1,
    "14.p2": 2,
}
