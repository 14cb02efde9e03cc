"""What lab 16 teaches, as later labs, workers and benchmarks import it.

Built from solutions/16-idempotent-jobs.py by `python3 -m workbook build`: change it there.
"""

import json
from uuid import uuid4

# Taught in labs/16-idempotent-jobs.ipynb, cell 16-042: Exercise 16.1: once
def once(db, id, effect):
    """Do `effect(db)` for the job `id`, unless it was done before; returns the effect's result, of now or of then.

    The table `done` (id, result, at) of `db` remembers each job that was done, in the transaction of its effect.
    """
    db.execute("BEGIN IMMEDIATE")
    with db:
        found = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
        if found is not None:
            return found[0]
        result = effect(db)
        db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
        return result


# Taught in labs/16-idempotent-jobs.ipynb, cell 16-054: Exercise 16.2: charge_once
def charge_once(world, db, raw):
    """Charge for the job `raw` and return the number of the charge; in a later delivery of this job only the number.

    The provider remembers the charge by the job's id within its window, the table `done` of `db` for ever after.
    """
    todo = json.loads(raw)
    found = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
    if found is not None:
        return found[0]
    number = world.charge(todo["args"]["order"], todo["args"]["cents"], key=todo["id"])
    db.execute("INSERT OR IGNORE INTO done (id, result) VALUES (?, ?)", (todo["id"], number))
    return number


# Taught in labs/16-idempotent-jobs.ipynb, cell 16-073: Exercise 16.3: enqueue_once
def enqueue_once(r, raw, keep=604_800):
    """Push the job `raw`, unless a job of its id was queued in the last `keep` seconds; True if this call queued it."""
    script = """
    if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[3]) then
        redis.call('LPUSH', KEYS[2], ARGV[2])
    end
    return redis.call('GET', KEYS[1]) == ARGV[1] and 1 or 0
    """
    call = str(uuid4())  # made before the first attempt: a command that is sent again carries the same
    return r.eval(script, 2, f"seen:{json.loads(raw)['id']}", "jobs", call, raw, keep) == 1


# How many values each prediction has: `predict` says so when another number is given.
PREDICTED = {
    "16.p1": 4,
    "16.p2": 2,
    "16.p3": 2,
}
