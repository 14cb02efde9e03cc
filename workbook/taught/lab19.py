"""What lab 19 teaches, as later labs, workers and benchmarks import it.

Built from solutions/19-interruptible-jobs.py by `python3 -m workbook build`: change it there.
"""

import json
import random
import signal
import time
from workbook.taught.lab11 import job
from workbook.taught.lab13 import Failures
from workbook.taught.lab13 import move_due
from workbook.taught.lab15 import Leases
from workbook.taught.lab15 import finish
from workbook.taught.lab16 import enqueue_once
from workbook.taught.lab18 import recover_counting

# Taught in labs/19-interruptible-jobs.ipynb, cell 19-012: Exercise 19.1: a collection with a cursor
def customers_after(db, shop, cursor, size):
    """The next `size` customers of `shop` after `cursor` (None: from the beginning): [(customer's id, cursor), …].

    db: a SQLite connection with the table customers (id, shop, joined). A cursor is made of what JSON knows.
    """
    joined, id = cursor or ("", 0)
    sql = """
    SELECT id, joined FROM customers
    WHERE shop = ? AND (joined > ? OR (joined = ? AND id > ?)) ORDER BY joined, id LIMIT ?
    """
    found = db.execute(sql, (shop, joined, joined, id, size)).fetchall()
    return [(id, [joined, id]) for id, joined in found]


# Taught in labs/19-interruptible-jobs.ipynb, cell 19-015: Exercise 19.1: a collection with a cursor
def customers_of(db, shop, size=100):
    """A collection: a function that gives the shop's customers after a cursor, one by one, each with its own cursor."""

    def after(cursor):
        while batch := customers_after(db, shop, cursor, size):
            yield from batch
            cursor = batch[-1][1]

    return after


# Taught in labs/19-interruptible-jobs.ipynb, cell 19-028: Exercise 19.2: iterate
def iterate(r, worker, raw, job, stopping, every=1):
    """Run the job `raw` that `worker` holds from its cursor on: "done", "interrupted" (it waits in jobs) or "gone".

    job: build_enumerator, each_iteration, on_complete. stopping() says whether to stop. every: rows per checkpoint.
    """
    mine, todo = f"processing:{worker}", json.loads(raw)
    save = """
    if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
    return redis.call('RPUSH', KEYS[2], ARGV[2])
    """
    for n, (row, cursor) in enumerate(job.build_enumerator(todo["args"], todo.get("cursor")), 1):
        job.each_iteration(todo["args"], row)
        if (stop := stopping()) or n % every == 0:
            old, raw = raw, json.dumps(todo | {"cursor": cursor}).encode()
            if not r.eval(save, 2, mine, "jobs" if stop else mine, old, raw):
                return "gone"
            if stop:
                return "interrupted"
    job.on_complete(todo["args"])
    return "done" if finish(r, worker, raw) else "gone"


# Taught in labs/19-interruptible-jobs.ipynb, cell 19-039: Exercise 19.3: zero writes after the lock
class Locked(Exception):
    """The shop is locked: nothing of it may be written now."""


def iterate_throttled(r, worker, raw, job, stopping, db, due):
    """Like `iterate`; but when the job's shop is locked, nothing is written, and the job waits in `retry` until `due`.

    Returns "done", "interrupted", "throttled" or "gone". db: the SQLite connection through which `job` writes.
    """
    class Unlocked:
        build_enumerator, on_complete = job.build_enumerator, job.on_complete

        def each_iteration(args, row):
            db.execute("BEGIN IMMEDIATE")
            with db:
                if db.execute("SELECT 1 FROM locked WHERE shop = ?", (args["shop"],)).fetchone():
                    raise Locked
                job.each_iteration(args, row)

    try:
        return iterate(r, worker, raw, Unlocked, stopping)
    except Locked:
        held, mine = r.lindex(f"processing:{worker}", -1) or "", f"processing:{worker}"
        move = "return redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 and redis.call('ZADD', 'retry', ARGV[2], ARGV[1])"
        return "throttled" if r.eval(move, 1, mine, held, due) else "gone"


# Taught in labs/19-interruptible-jobs.ipynb, cell 19-045: The framework
STEP = """
redis.call('LREM', KEYS[1], 1, ARGV[1])
redis.call('SET', KEYS[2], 'alive', 'PX', ARGV[2])
local held = redis.call('LINDEX', KEYS[1], -1)
for i = 3, #KEYS do
    if not held then held = redis.call('LMOVE', KEYS[i], KEYS[1], 'RIGHT', 'LEFT') end
end
return held
"""
NOTHING = "-"


# Taught in labs/19-interruptible-jobs.ipynb, cell 19-046: The framework
class Fetching:
    """The next job for a worker: one round trip while jobs wait."""

    def next(self, done):
        """Finish `done`, renew the lease, take the next job: bytes, or None when none came. Asked to stop, it takes none."""
        queues = [] if self.asked else self.order()
        raw = self.step([self.mine, self.lease, *queues], [done, self.leases.milliseconds])
        if raw is None or self.now() >= self.care_at:
            self.care()
        if raw is None and not self.asked:
            raw = self.wait()
        return raw

    def wait(self):
        if not self.timeout:
            return self.r.lmove("jobs", self.mine, "RIGHT", "LEFT")
        return self.r.blmove("jobs", self.mine, self.timeout, "RIGHT", "LEFT")

    def care(self):
        """What some worker must do now and then: bring back what is due, and what dead workers held."""
        self.care_at = self.now() + 1
        move_due(self.r, self.now())
        recover_counting(self.r, self.limit, self.now())


# Taught in labs/19-interruptible-jobs.ipynb, cell 19-048: The framework
class EachOnce:
    """A concrete job as `iterate_throttled` wants it. Each row's effect once by its id; then the follow-up, once."""

    def __init__(self, r, db, concrete, id):
        self.r, self.db, self.concrete, self.id = r, db, concrete, id

    def build_enumerator(self, args, cursor):
        return self.concrete.collection(args)(cursor)

    def each_iteration(self, args, row):
        key = f"{self.id}:{row}"
        if self.db.execute("SELECT 1 FROM done WHERE id = ?", (key,)).fetchone() is None:
            self.concrete.each_iteration(args, row, key)
            self.db.execute("INSERT INTO done (id) VALUES (?)", (key,))

    def on_complete(self, args):
        name, args = self.concrete.follow_up(args)
        enqueue_once(self.r, job(name, args, f"{self.id}:then"))


# Taught in labs/19-interruptible-jobs.ipynb, cell 19-050: The framework
class Doing(Fetching):
    """Does one job, whatever comes of it."""

    def do(self, raw):
        """Do the job `raw`; returns what is to be finished then: the job, or NOTHING when it is dealt with."""
        try:
            todo = json.loads(raw)
            concrete = self.jobs[todo["name"]]
            if callable(concrete):
                concrete(todo["args"])
                return raw
            rows = EachOnce(self.r, self.db, concrete, todo["id"])
            ended = iterate_throttled(self.r, self.name, raw, rows, self.stopping, self.db, self.now() + 60)
            if ended == "interrupted":
                self.r.hincrby("interrupted", todo["id"], 1)
        except Exception as error:
            held = self.r.lindex(self.mine, -1) or raw
            Failures(self.r, self.most).fail(self.name, held, error, self.now(), self.rng)
        return NOTHING

    def stopping(self):
        """Whether to stop; asked after each row, so it also renews the lease."""
        self.leases.renew(self.name)
        return self.asked


# Taught in labs/19-interruptible-jobs.ipynb, cell 19-052: The framework
class Worker(Doing):
    """Works on `jobs`: name -> function(args), or a concrete job with collection, each_iteration and follow_up.

    order() names the lists to try, first to last. limit: crashes, most: attempts, until a job is dead. timeout: how
    many seconds to wait for a job when there is none; 0: not at all.
    """

    def __init__(self, r, name, jobs, db=None, leases=None, *, order=lambda: ["jobs"], now=time.time, rng=random,
                 limit=3, most=10, timeout=1):  # fmt: skip
        self.r, self.name, self.jobs, self.db, self.leases = r, name, jobs, db, leases or Leases(r, 30_000)
        self.order, self.now, self.rng, self.limit, self.most, self.timeout = order, now, rng, limit, most, timeout
        self.mine, self.lease, self.asked, self.care_at = f"processing:{name}", f"lease:{name}", False, now() + 1
        self.step = r.register_script(STEP)

    def stop(self, *_):
        self.asked = True

    def run(self, until_idle=False):
        """Work until SIGTERM comes ("stopped") or, with until_idle, until nothing waits ("idle"); returns which."""
        before = signal.signal(signal.SIGTERM, self.stop)
        raw = self.next(NOTHING)
        while not self.asked and not (until_idle and raw is None):
            raw = self.next(NOTHING if raw is None else self.do(raw))
        if raw is not None:
            self.r.lmove(self.mine, "jobs", "RIGHT", "RIGHT")
        signal.signal(signal.SIGTERM, before)
        return "stopped" if self.asked else "idle"

    def run_until_idle(self):
        return self.run(until_idle=True)


# Taught in labs/19-interruptible-jobs.ipynb, cell 19-053: The framework
def enqueue_many(r, jobs):
    """Queue these (name, args, id), the first one to be taken first, in one round trip; returns how many."""
    raws = [job(name, args, id) for name, args, id in jobs]
    if raws:
        r.lpush("jobs", *raws)
    return len(raws)


# Taught in labs/19-interruptible-jobs.ipynb, cell 19-061: Exercise 19.4: the concrete job
class YearlyFee:
    """Charge each customer of a shop the yearly fee, then have a report made."""

    def __init__(self, db, world):
        self.db, self.world = db, world

    def collection(self, args):
        return customers_of(self.db, args["shop"])

    def each_iteration(self, args, customer, id):
        self.world.charge(customer, 4900, key=id)
        self.db.execute("UPDATE customers SET paid = paid + 4900 WHERE id = ?", (customer,))

    def follow_up(self, args):
        return "report", {"shop": args["shop"]}


# How many values each prediction has: `predict` says so when another number is given.
PREDICTED = {
    "19.p1": 2,
    "19.p2": 3,
    "19.p3": 2,
    "19.p4": 2,
}
