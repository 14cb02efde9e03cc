"""What lab 17 teaches, as later labs, workers and benchmarks import it.

Built from solutions/17-order.py by `python3 -m workbook build`: change it there.
"""

import json
from uuid import uuid4
from workbook.taught.lab11 import job
from workbook.taught.lab15 import finish
from workbook.taught.lab16 import enqueue_once

# Taught in labs/17-order.ipynb, cell 17-031: Queue sequentially
def chain(order, steps):
    """The first job of an order's chain. It carries the names of the steps that come after it."""
    return job(steps[0], {"order": order, "then": steps[1:]}, f"order {order}:1")


# Taught in labs/17-order.ipynb, cell 17-034: Queue sequentially
def follow_up(raw, id):
    """The job that comes after `raw` in its chain, under this id; None when `raw` is the last step."""
    args = json.loads(raw)["args"]
    if not args["then"]:
        return None
    name, *then = args["then"]
    return job(name, {**args, "then": then}, id)


# Taught in labs/17-order.ipynb, cell 17-040: Exercise 17.1: step
def step(r, worker, raw, do):
    """Do the job `raw` that `worker` holds: `do` gets it as a dict; then its follow-up is queued."""
    do(json.loads(raw))
    after = follow_up(raw, uuid4().hex)
    if after is not None:
        r.lpush("jobs", after)
    finish(r, worker, raw)


# Taught in labs/17-order.ipynb, cell 17-056: Exercise 17.2: step_once
def step_once(r, worker, raw, do):
    """Do the job `raw` that `worker` holds and queue its follow-up: complete and single wherever the worker dies."""
    this = json.loads(raw)
    do(this)
    order, number = this["id"].rsplit(":", 1)
    after = follow_up(raw, f"{order}:{int(number) + 1}")
    if after is not None:
        enqueue_once(r, after)
    finish(r, worker, raw)


# How many values each prediction has: `predict` says so when another number is given.
PREDICTED = {
    "17.p1": 3,
    "17.p2": 3,
    "17.p3": 2,
}
