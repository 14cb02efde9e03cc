# %% [markdown]
# # 19 · Interruptible jobs: simple jobs on a complex system
#
# **You build** a job that can be stopped after every row and goes on where it was, that keeps its hands off a shop which is being
# moved, and at the end a framework in which a job of a few plain lines survives everything that labs 13 to 18 threw at it.
#
# **Time** 80 minutes. **You need** Redis (running) and lab 15's `take`, `finish` and leases. The last exercise puts to work what labs
# 13, 16, 17 and 18 built; it imports them, and the recap says what each does.
#
# **From the talk** *split into collection and task*, *checkpoint after each iteration and requeue*, *resume automatically*, and
# what that buys: *shutdown at any time*, *disaster prevention*, *data integrity*. Then the thesis of the whole part: *abstracting
# scaling issues keeps the concrete jobs simple*, and *makes the overall system complex*.
#
# <!-- budget: cells 72, because four exercises and two real algorithms run here, and the framework is put together in visible steps -->
# <!-- budget: demonstration 20, because the parts of the worker are each shown whole: taken apart they say less -->
# <!-- budget: median 10, because what runs here are algorithms of real systems, step by step, and not single commands -->
# <!-- budget: prose 11, because the parts of the framework were explained one by one in labs 13 to 18 -->

# %% [markdown]
# ## Recap
#
# 1. A job is JSON with an `id`, a `name` and `args` (lab 11). It waits in the list `jobs`, the next one on the right.
# 2. `take(r, worker)` moves it into `processing:<worker>`, `finish(r, worker, raw)` removes it from there. A worker without a lease is
#    dead, and what it held is given back (lab 15). So nothing is lost, and a job may be done twice.
# 3. A job that fails waits in the sorted set `retry` until it is due, or is buried in `dead` (lab 13). One that kills its workers is
#    counted by those who find it, and buried as well (lab 18).
# 4. An effect that may come twice carries an id, and has its effect once (lab 16). A job's last step may queue the next job (lab 17).
# 5. A deployment sends SIGTERM. A job that is longer than the interval between two deployments begins anew each time, and never gets
#    done (lab 18). *That* is what you mend now.

# %%
import json
import random
import signal
import sqlite3
import time
from collections import Counter

from workbook import check, exercise, happened, hint, judge, open_lab, predict, reveal, score
from workbook.faults import ProbedConnection
from workbook.taught.lab11 import enqueue, job
from workbook.taught.lab12 import left_to_do
from workbook.taught.lab13 import Failures, move_due
from workbook.taught.lab15 import Leases, finish, take
from workbook.taught.lab16 import enqueue_once
from workbook.taught.lab18 import recover_counting

lab = open_lab("19")
r, world = lab.redis, lab.world

# %% [markdown]
# The shop has grown into a platform with many shops, each with its customers. They live in the platform's own database, a file that
# every process opens for itself. `joined` is the day on which a customer joined; several may join on one day.

# %%
TABLES = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, joined TEXT NOT NULL, paid INTEGER DEFAULT 0);
CREATE TABLE locked (shop TEXT PRIMARY KEY);
CREATE TABLE done (id TEXT PRIMARY KEY, result, at TEXT DEFAULT CURRENT_TIMESTAMP);
"""
path = str(lab.folder / "platform.db")


def connect(path):
    return sqlite3.connect(path, isolation_level=None, factory=ProbedConnection)


JOINED = {4: "11-23", 1: "11-24", 2: "11-24", 7: "11-24", 3: "11-25", 6: "11-25"}
db = connect(path)
db.executescript(TABLES)
rows = [(id, "lamps", f"2026-{day}") for id, day in JOINED.items()] + [(5, "chairs", "2026-11-24")]
db.executemany("INSERT INTO customers (id, shop, joined) VALUES (?, ?, ?)", rows)
db.execute("SELECT id, joined FROM customers WHERE shop = 'lamps' ORDER BY joined, id").fetchall()

# %% [markdown]
# (`ProbedConnection` is an ordinary SQLite connection at whose statements a process can be held or killed.)
#
# ## A collection and a task
#
# A long job nearly always has the same form: *for each of these rows, do that*. The rows are the **collection**, what is done with one
# of them is the **task**. Written as one loop they can't be taken apart. Written as two things, somebody else can run the loop: stop
# it between two tasks, write down where it was, and go on there later. What is written down is the **cursor**.
#
# A shop may have millions of customers, so rows are read in batches. The obvious cursor is a number: how many rows have I had?
# SQL even has a word for it.

# %%
def by_offset(db, shop, cursor, size):
    offset = cursor or 0
    sql = "SELECT id FROM customers WHERE shop = ? ORDER BY joined, id LIMIT ? OFFSET ?"
    found = db.execute(sql, (shop, size, offset)).fetchall()
    return [(id, offset + n) for n, (id,) in enumerate(found, 1)]


by_offset(db, "lamps", None, 3), by_offset(db, "lamps", 3, 3)

# %% [markdown]
# Two batches of three: 4, 1, 2, then 7, 3, 6. But between two batches of a long job lie minutes, or a deployment. Say the first batch
# is read, and then customers 4 and 1 leave the shop.
#
# **Predict first.** Which customers does the second batch have now, and which of the four who are left are never read? (Two texts:
# the ids with a space between them, such as `"8 9"`.)

# %%
predict(
    "19.p1",
    ### BEGIN SOLUTION
    "6", "7 3",
    ### END SOLUTION
)

# %%
first = [id for id, _ in by_offset(db, "lamps", None, 3)]
db.execute("BEGIN")
db.execute("DELETE FROM customers WHERE id IN (4, 1)")
second = [id for id, _ in by_offset(db, "lamps", 3, 3)]
db.execute("ROLLBACK")  # they are back
never = [id for id in JOINED if id not in (*first, *second)]
happened("19.p1", " ".join(map(str, second)), " ".join(map(str, never)))
judge("19.1", by_offset, expect="lost")

# %% [markdown]
# The two who left stood in front of the cursor, so all others moved up by two, and two of them slipped through. Nothing raised; the check found it, since it
# deletes and adds between two batches too. Had
# two customers been added in front, two would have been read twice. A number of rows is a place only in a table that never changes.
#
# What stays true is a *row*: everything after customer 2, in an order that never changes. This is called **keyset pagination**. The
# order must be total: where several customers have the same `joined`, something unique must decide between them.
#
# ### Exercise 19.1: a collection with a cursor
#
# Write `customers_after`. It returns the next `size` customers of `shop` after `cursor`, in the order of `joined`, and on one day of
# `id`: a list of pairs `(customer, cursor)`, the customer's id and a cursor with which the next call goes on after this very customer.
# With the cursor `None` it begins at the beginning. When fewer are left, the list is shorter, at the end empty.
#
# The cursor travels in a job. So it comes back as JSON gives it (a tuple comes back as a list), in another process. Customers are
# deleted and added between two calls, the one of the cursor among them. Who is added behind the cursor is read, who is added
# before it is not, nobody is read twice, and nobody is left out. One call reads no more rows than its batch has (one more does no
# harm).
#
# If you are stuck: `hint("19.1")`, `hint("19.1", 2)`, `hint("19.1", 3)`; `reveal("19.1")` prints one possible answer.

# %% tags=["teaches"]
@exercise("19.1")
def customers_after(db, shop, cursor, size):
    """The next `size` customers of `shop` after `cursor` (None: from the beginning): [(customer's id, cursor), …].

    db: a SQLite connection with the table customers (id, shop, joined). A cursor is made of what JSON knows.
    """
    ### BEGIN SOLUTION
    joined, id = cursor or ("", 0)
    sql = """
    SELECT id, joined FROM customers
    WHERE shop = ? AND (joined > ? OR (joined = ? AND id > ?)) ORDER BY joined, id LIMIT ?
    """
    found = db.execute(sql, (shop, joined, joined, id, size)).fetchall()
    return [(id, [joined, id]) for id, joined in found]
    ### END SOLUTION


# %%
customers_after = check("19.1")

# %% [markdown]
# Batch after batch, that is a collection. From the outside it looks like one long list of rows, each with the cursor that leads past
# it, and it can be entered anywhere. Nobody who uses it needs to know how large a batch is.

# %% tags=["teaches"]
def customers_of(db, shop, size=100):
    """A collection: a function that gives the shop's customers after a cursor, one by one, each with its own cursor."""

    def after(cursor):
        while batch := customers_after(db, shop, cursor, size):
            yield from batch
            cursor = batch[-1][1]

    return after


# %% tags=["talk:split-collection-and-task"]
def thank(customer):  # a task
    world.mail(customer, "Thank you")


for customer, cursor in customers_of(db, "lamps", size=2)(["2026-11-24", 2]):
    thank(customer)
world.mails()

# %% [markdown]
# This loop began in the middle, after customer 2, and knows nothing of customers or mails. Now it can be written once for all jobs.
#
# ## Before or after, inclusive or exclusive
#
# When is the cursor written down: before the row's task, or after it? And does a resumed job begin *at* the cursor (inclusive) or
# *after* it (exclusive)? That makes four ways. *Before* fits *inclusive*: the cursor names the row that is being done, and that row is
# done again. *After* fits *exclusive*: the cursor names the last row that is done, and the next one may have been begun. Both repeat one
# row at most, and leave none out. *Before* with *exclusive* says "done" of a row that was only begun: after a crash that row is left
# out. *After* with *inclusive* does a row again at every single interruption, crash or not. Each half is right only with its other half.
#
# ## What job-iteration and Sidekiq do
#
# Two real frameworks chose differently. **job-iteration** (Shopify's, for Resque and Sidekiq jobs) moves the cursor *after* the row and
# resumes *exclusive*. It keeps the cursor in memory, and writes it down only when the job is interrupted: into the job that it pushes
# back into the queue. `fetch` is how the queue below hands out its jobs.

# %% tags=["system:job-iteration"]
NEWSLETTER = ("newsletter", {"customers": 6}, "newsletter-1")


def push_back(r, worker, raw, changed):
    r.lpush("jobs", json.dumps(changed))
    finish(r, worker, raw)


def job_iteration(r, world, worker, fetch, interrupt):
    raw = fetch(r, worker, 0.1)
    todo = json.loads(raw)
    for customer in range(todo.get("cursor", 0) + 1, 7):  # exclusive
        world.mail(customer, "Winter sale")
        todo["cursor"] = customer  # after
        if customer == interrupt:
            return push_back(r, worker, raw, todo)
    finish(r, worker, raw)


# %% [markdown]
# **Sidekiq**'s iterable jobs set the cursor *before* the row and resume *inclusive*. The state stands in a hash `it-<job id>` beside the
# queue. It is written when the job is interrupted, which is looked at before each row, and every five seconds; here, so that it is
# exact, every four rows. When a row *raises* it is not written.

# %% tags=["system:sidekiq"]
def sidekiq_iterable(r, world, worker, fetch, interrupt):
    raw = fetch(r, worker, 0.1)
    start = int(r.hget("it-newsletter-1", "c") or 1)
    for customer in range(start, 7):  # inclusive
        asked = customer - 1 == interrupt and customer > start
        if asked or customer - start == 4:
            r.hset("it-newsletter-1", "c", customer)  # before
        if asked:
            return push_back(r, worker, raw, json.loads(raw))
        world.mail(customer, "Winter sale")
    finish(r, worker, raw)


# %% [markdown]
# Both run on queues that pop a job: the killed worker's job is gone. (Sidekiq's paid edition keeps it.) So each is tried on two
# queues: one that pops, and that of lab 15, which gives the job back.
#
# **Predict first.** The worker is killed right after mail 5 of 6. On the queue that gives the job back: how many mails are sent again
# by job-iteration, how many by Sidekiq's way? On the queue that pops: how many customers never get one? (Three numbers.)

# %%
predict(
    "19.p2",
    ### BEGIN SOLUTION
    5, 1, 1,
    ### END SOLUTION
)

# %%
def popped(r, worker, timeout):
    return r.rpop("jobs")


def resumed(algorithm, fetch, k, killed):
    lab.again()
    enqueue(r, *NEWSLETTER)
    fault = f"kill after mail {k}" if killed else None
    lab.run(algorithm, r, world, "worker 1", fetch, None if killed else k, fault=fault)
    r.lmove("processing:worker 1", "jobs", "LEFT", "RIGHT")  # its lease is over
    if r.llen("jobs"):
        lab.run(algorithm, r, world, "worker 2", fetch, None)
    got = [customer for customer, _ in world.mails()]
    return len(got) - len(set(got)), 6 - len(set(got))  # again, never


# %%
WAYS = {"interrupted": (take, False), "killed, given back": (take, True), "killed, popped": (popped, True)}
table = {}
print(f"{'again, never':26}", *WAYS, sep="   ")
for algorithm in (job_iteration, sidekiq_iterable):
    for k in range(1, 6):
        told = [resumed(algorithm, fetch, k, killed) for fetch, killed in WAYS.values()]
        table[algorithm, k] = told
        told = [f"{again}, {never}".ljust(len(way)) for way, (again, never) in zip(WAYS, told)]
        print(f"{algorithm.__name__:16} after {k}  ".ljust(26), *told, sep="   ")
happened("19.p2", table[job_iteration, 5][1][0], table[sidekiq_iterable, 5][1][0], table[job_iteration, 5][2][1])

# %% [markdown]
# Interrupted, both are exact: no mail again, none missing, wherever the interruption comes. The crash is what they differ in. What has
# not been written down is done again: all of it since the last interruption, or all of it since the state was last written. And where the
# queue pops, the rest of the newsletter is never sent at all, however good the cursor is. A checkpoint needs a queue that
# keeps the job.
#
# ## Checkpoint, requeue, resume
#
# You have such a queue, and the job itself is the best place for its cursor: wherever the job goes, the cursor goes too. While it runs,
# the job stands in `processing:<worker>`. So that is where the cursor is renewed, every `every` rows; a crash then costs that many
# rows at most. On interruption the job goes back to `jobs`, *with* its cursor, in one step. Here is the naive way to run it:

# %%
def iterate_naively(r, worker, raw, job, stopping, every=1):
    todo = json.loads(raw)
    for row, todo["cursor"] in job.build_enumerator(todo["args"], todo.get("cursor")):
        job.each_iteration(todo["args"], row)
        if stopping():
            finish(r, worker, raw)
            r.rpush("jobs", json.dumps(todo))
            return "interrupted"
    job.on_complete(todo["args"])
    return "done" if finish(r, worker, raw) else "gone"


judge("19.2", iterate_naively, expect="duplicated")

# %% [markdown]
# ### Exercise 19.2: iterate
#
# Write `iterate`. The worker has taken the job `raw`; it stands in `processing:<worker>`. `job` has three methods:
#
# - `build_enumerator(args, cursor)` gives pairs `(row, cursor)`, the rows after that cursor (`None`: from the first), each with its own;
# - `each_iteration(args, row)` does the task of one row;
# - `on_complete(args)` is called when there is no row left.
#
# `args` are the job's. When it has a cursor, it stands in the job as `cursor`, beside `id`, `name` and `args`; a cursor may be 0. Call `stopping()` after each row: it is true from the
# moment on at which the worker has been asked to stop.
#
# - All rows done: `on_complete`, then the job leaves the worker's list, and `iterate` returns `"done"`.
# - Asked to stop: no other row is begun, also when that row was the last (`on_complete` is then the next run's). In one step the job leaves the worker's list and stands at the right end of `jobs`, with
#   its cursor, otherwise as it was: no attempt and no crash is counted. Return `"interrupted"`. Each run does at least one row, however
#   early it is asked, or it would go back and forth for ever.
# - Every `every` rows the job in the worker's list gets the new cursor, so that after a crash at most `every` rows are done again.
# - A row that raises is not passed over: its exception comes out, and the job stays in the worker's list.
# - When you come to change the worker's list and the job is not in it any more (its lease ran out, and somebody else has it): touch no
#   list, return `"gone"`. You may look earlier too.
#
# At every moment the job is in one place. You are killed between any two operations. (Several commands in one step: a script, or WATCH
# with MULTI, as in lab 13.)

# %% tags=["teaches"]
@exercise("19.2")
def iterate(r, worker, raw, job, stopping, every=1):
    """Run the job `raw` that `worker` holds from its cursor on: "done", "interrupted" (it waits in jobs) or "gone".

    job: build_enumerator, each_iteration, on_complete. stopping() says whether to stop. every: rows per checkpoint.
    """
    ### BEGIN SOLUTION
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
    ### END SOLUTION


# %%
iterate = check("19.2")

# %% [markdown]
# Now the newsletter of lab 18: six customers, and a deployment after every second mail. There it was never done. `Mailing` has only the
# collection and the task in it; `one_life` is a process that takes one job and is asked to stop when it has sent two mails.

# %%
class Mailing:
    def __init__(self, path, world):
        self.path, self.world, self.sent = path, world, 0

    def build_enumerator(self, args, cursor):
        return customers_of(connect(self.path), args["shop"])(cursor)

    def each_iteration(self, args, customer):
        self.world.mail(customer, "Winter sale")
        self.sent += 1

    def on_complete(self, args):
        self.world.mail("the shop", "all have their mail")


def one_life(r, worker, path, world):
    mailing = Mailing(path, world)
    return iterate(r, worker, take(r, worker, 0.1), mailing, lambda: mailing.sent >= 2)


# %% tags=["talk:checkpoint-and-requeue", "talk:resume-automatically"]
lab.again()
enqueue(r, "mailing", {"shop": "lamps"}, "mailing-1")
for n in range(1, 5):
    ended = lab.run(one_life, r, f"worker {n}", path, world)
    print(ended.value, "· mails", [who for who, _ in world.mails()], "· jobs", r.lrange("jobs", 0, -1))

# %% [markdown]
# Three deployments and the fourth process finds nothing left to do but the end. Nobody restarted anything: the job itself says where to
# go on, so whoever takes it resumes it. Six mails in six steps, not one of them twice.
#
# ## Hands off
#
# The job's loop passes one place between any two rows. Stopping there is good for more than deployments. Say the shop `lamps` is moved
# to another database, and while its rows are copied nobody must write to it. Whoever moves it puts it into the table `locked`. Jobs of
# other shops go on. Try it with a worker that looks into that table:

# %%
def look_then_write(path, each_time):
    db = connect(path)
    for customer in (1, 2, 3):
        if each_time or customer == 1:
            if db.execute("SELECT 1 FROM locked WHERE shop = 'lamps'").fetchone():
                return
        db.execute("UPDATE customers SET paid = paid + 900 WHERE id = ?", (customer,))


# %% [markdown]
# The worker is held right before its first UPDATE, after its first look. In this moment the shop is locked; then the worker goes on.
#
# **Predict first.** How many customers are written to after the lock: when the worker looks once at its start, and when it looks before
# each row? (Two numbers.)

# %%
predict(
    "19.p3",
    ### BEGIN SOLUTION
    3, 1,
    ### END SOLUTION
)

# %%
def locked_between(each_time):
    db.execute("UPDATE customers SET paid = 0")
    worker = lab.worker(look_then_write, path, each_time, fault="hold before UPDATE")
    worker.wait_held()
    db.execute("INSERT INTO locked VALUES ('lamps')")
    worker.release()
    worker.finish()
    db.execute("DELETE FROM locked")
    return db.execute("SELECT count(*) FROM customers WHERE paid > 0").fetchone()[0]


happened("19.p3", locked_between(False), locked_between(True))

# %% [markdown]
# Looking before each row is not enough: one row still slips through, and one row that is written to the old database after it was copied
# is one row lost. The look and the write must be *one transaction*. SQLite's `BEGIN IMMEDIATE` takes the right to write at once: from
# then on nobody else can write, and so nobody can lock the shop, until the transaction ends (lab 16 showed it). A plain `BEGIN` that
# reads first takes that right too late: when somebody has written meanwhile, its own write fails with *database is locked*.
#
# It has a price. When the row calls a slow provider, all writers of this database wait as long as it does, also whoever wants to lock
# the shop: in SQLite the right to write is one for the whole file.
#
# And what does the job do that finds its shop locked? It must not sleep: it would hold a worker's place for hours, and could not be
# stopped. It goes where jobs wait that are due later: `retry`, lab 13's sorted set, scored by the time. That is no failure, so no
# attempt is counted. job-iteration calls it *throttling*.
#
# ### Exercise 19.3: zero writes after the lock
#
# Write `iterate_throttled`. It does what `iterate` does, and returns what `iterate` returns; use it. But each row is done in one
# transaction of `db`, in which you first read whether the job's shop, `args["shop"]`, stands in `locked`:
#
# - Not locked: `job.each_iteration(args, row)`, which writes through the same `db` and opens no transaction of its own. When it raises,
#   nothing of this row stays written, and the exception comes out.
# - Locked: the row is not begun, for it may do more than write to `db`, and no ROLLBACK takes that back. In one step the job leaves the worker's list and stands in the sorted set `retry`, scored by `due`,
#   with its cursor, otherwise as it was. Return `"throttled"`. If the job is not in the worker's list any more: touch no list, and return
#   `"gone"`, as in `iterate`.
#
# When the job comes back from `retry`, it goes on after the last row that was done. The lock may come at every moment, and you may be
# killed at every moment. Between two rows no transaction is open. `db` is a connection of `isolation_level=None`: it begins only
# what you begin.

# %% tags=["teaches"]
class Locked(Exception):
    """The shop is locked: nothing of it may be written now."""


@exercise("19.3")
def iterate_throttled(r, worker, raw, job, stopping, db, due):
    """Like `iterate`; but when the job's shop is locked, nothing is written, and the job waits in `retry` until `due`.

    Returns "done", "interrupted", "throttled" or "gone". db: the SQLite connection through which `job` writes.
    """
    ### BEGIN SOLUTION
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
    ### END SOLUTION


# %% tags=["talk:data-integrity"]
iterate_throttled = check("19.3")

# %% [markdown]
# The same place serves when something else is unwell: a database whose copies lag behind, a provider that times out. Whoever notices puts the
# shop into `locked`, and every job that would make it worse steps aside within one row. Here the provider gets into trouble after the
# second customer; a minute later the trouble is over, the lock is taken away, and the job is due:

# %%
class Fees(Mailing):
    def each_iteration(self, args, customer):
        self.world.charge(customer, 4900, key=f"fees-1:{customer}")


def one_try(r, worker, path, world):
    raw = take(r, worker, 0.1)
    return iterate_throttled(r, worker, raw, Fees(path, world), lambda: False, connect(path), due=1060)


# %% tags=["talk:disaster-prevention"]
lab.again()
enqueue(r, "fees", {"shop": "lamps"}, "fees-1")
worker = lab.worker(one_try, r, "worker 1", path, world, fault="hold after COMMIT 2")
worker.wait_held()
db.execute("INSERT INTO locked VALUES ('lamps')")
worker.release()
print(worker.finish().value, "· charged", world.charges(), "· retry", r.zrange("retry", 0, -1, withscores=True))
db.execute("DELETE FROM locked")
move_due(r, now=1060)
ended = lab.run(one_try, r, "worker 2", path, world)
print(ended.value, "· charged", world.charges(), "· retry", r.zcard("retry"))

# %% [markdown]
# Nothing was begun after the lock. Meanwhile the worker was free for other jobs, and could be stopped. In the end everybody is charged
# once, in order.
#
# ## The framework
#
# Now put everything together. What a worker does with a job that waits is always the same: finish the last one, renew the lease, take
# the next. Lab 15 sent a command for each. But a round trip to Redis costs more than what Redis does in it, and all three can
# travel together, as a script. It first looks for a job that this worker holds already: if a reply gets lost and the client
# sends the script again, it gets the *same* job (lab 15's lost reply). `KEYS[3]` and on are the queues, in the order in
# which they are tried (lab 14).

# %% tags=["teaches"]
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


# %% tags=["teaches"]
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


# %% [markdown]
# Only when nothing waits does it wait itself, with `BLMOVE`, which can look at one list only (lab 15). Then, or once a second, it also
# takes care of what no job asks for: it moves what is due (lab 13), and counts and gives back what dead workers held (lab 18).
#
# Next: a concrete job's rows, each with its effect once. `EachOnce` stands between the concrete job and `iterate_throttled`. A row's id is
# `<job id>:<row>`, so it is the same whenever the row comes again. What the row wrote and the mark in `done` are in one
# transaction (lab 16), which `iterate_throttled` has opened. At the end the follow-up is queued, under an id of its own, once (lab 17).

# %% tags=["teaches"]
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


# %% [markdown]
# A worker does plain functions, as in lab 11, and jobs with rows. Whatever raises has failed: `retry` or `dead` (lab 13), and
# because the job in the worker's list gets its cursor after every row here, the retry begins at the row that failed. `do` returns what the next round
# trip has to finish: the job after a plain function, and `NOTHING` when the job has left the list already, for `jobs`, `retry` or
# `dead`. (No job reads `-`, so `LREM` finds none.) A worker that dies in the middle needs no code here at all: what it held stands in
# its list, with its cursor, until somebody finds its lease gone.

# %% tags=["teaches"]
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


# %% [markdown]
# What is left is the loop, and the signal (lab 18). SIGTERM sets a flag. A plain job is short and gets done. A job with rows stops after
# the row at hand. A job that was taken and not begun is given back. Whatever list a job was taken from: given back, retried or
# recovered, it comes again in `jobs`, and has lost the precedence that `queue:urgent` gave it. `enqueue_many`, below the worker, is
# the other half of cheap: many jobs in one round trip.

# %% tags=["teaches"]
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


# %% tags=["teaches"]
def enqueue_many(r, jobs):
    """Queue these (name, args, id), the first one to be taken first, in one round trip; returns how many."""
    raws = [job(name, args, id) for name, args, id in jobs]
    if raws:
        r.lpush("jobs", *raws)
    return len(raws)


# %% [markdown]
# That is all of it: a worker of some sixty lines, and the script and `EachOnce` beside it. What does a job cost now? Count the operations that a worker sends to Redis for 20 and for 40 plain jobs. The history has them all.

# %%
def work(r, name):
    note = {"note": lambda args: world.mail(args["n"], "noted")}
    return Worker(r, name, note, now=lambda: 1000, timeout=0).run_until_idle()


def round_trips(jobs):
    lab.again()
    enqueue_many(r, [("note", {"n": n}, f"note-{n}") for n in range(jobs)])
    lab.run(work, r, "worker 1", name="worker 1")
    started = [one["what"] for one in lab.history.records() if one["phase"] == "start"]
    return Counter(what for what in started if what not in ("worker", "mail"))


few, many = round_trips(20), round_trips(40)
print("more for 20 jobs more:", dict(many - few), "· for each job:", (many.total() - few.total()) / 20)

# %% [markdown]
# One round trip for each job. Lab 15's loop needed three, and a fourth for the lease. (The rest, a handful, is paid once: when the
# worker starts and when nothing waits.) Is it still safe? Kill it before its first operation and after each one, let its lease
# end, and let another worker go on:

# %%
def killed_at(point):
    lab.again()
    enqueue_many(r, [("note", {"n": n}, f"note-{n}") for n in (1, 2, 3)])
    killed = lab.run(work, r, "worker 1", fault=point).kind == "killed"
    r.delete("lease:worker 1")
    lab.run(work, r, "worker 2")
    got = Counter(int(n) for n, _ in world.mails())
    return killed, min(got[n] for n in (1, 2, 3)), got.total()


ends = [killed_at("kill before * 1"), *[killed_at(f"kill after * {n}") for n in range(1, 9)]]
print("killed", sum(killed for killed, *_ in ends), "times · each job done at least", min(least for _, least, _ in ends), "time")
print("mails in all:", sorted(Counter(total for *_, total in ends)))

# %% [markdown]
# Never fewer than one each, and at most one of the three done again: at least once, as before. Fewer round trips cost no promise,
# because the script is one step: the last job is finished *and* the next one held, or neither.
#
# ## A job of a few plain lines
#
# Once a year each customer of a shop is charged 49 euros, and when all are done the shop gets a report. It is a long job that moves
# money. Here is how somebody writes it who has only read about retries:

# %%
class FeeWithCare:
    def __init__(self, db, world):
        self.db, self.world = db, world

    def collection(self, args):
        return customers_of(self.db, args["shop"])

    def each_iteration(self, args, customer, id):
        for attempt in range(3):
            try:
                return self.world.charge(customer, 4900, key=id)
            except Exception:
                time.sleep(2**attempt)

    def follow_up(self, args):
        return "report", {"shop": args["shop"]}


judge("19.4", FeeWithCare, expect="WRONG")

# %% [markdown]
# Its `except` takes the exception away from the framework: a customer who is declined three times counts as done and is passed over in
# silence, in no `retry` and in no `dead`. And while it sleeps it holds the worker's place and can't be interrupted. It is well meant,
# and it is the framework's business.
#
# ### Exercise 19.4: the concrete job
#
# Write `YearlyFee`. It is made with the platform's database and the outside world, and it has three methods; `args` are the job's,
# such as `{"shop": "lamps"}`:
#
# - `collection(args)` returns a collection of the shop's customers: `customers_of(db, shop)` makes one;
# - `each_iteration(args, customer, id)` charges the customer (an id of a customer) 4900 cents in the outside world, with
#   `world.charge(customer, cents, key=…)`, and adds 4900 to `paid` of this customer in the table `customers`. `id` is the framework's
#   id for this row: the same, whenever the row comes again. It runs within a transaction of `db`;
# - `follow_up(args)` returns the name and the args of the job that comes when all rows are done: `report`, with the shop.
#
# That is all that may be in it. No queue, no retries and no `try`, no signals, no sleeping, no leases, no locks, no memory of what is
# done (outside of `__init__` nothing is assigned to `self`, the tables `done` and `locked` are not touched): the check reads what your source uses, and
# names what it finds. Names alone offend nobody. Then it runs your class in the `Worker` above: cards are declined, the shop is
# locked, workers get SIGTERM and SIGKILL, in the first row, in the middle and at the end.

# %% tags=["teaches"]
@exercise("19.4")
class YearlyFee:
    """Charge each customer of a shop the yearly fee, then have a report made."""

    def __init__(self, db, world):
        self.db, self.world = db, world

    def collection(self, args):
        ### BEGIN SOLUTION
        return customers_of(self.db, args["shop"])
        ### END SOLUTION

    def each_iteration(self, args, customer, id):
        ### BEGIN SOLUTION
        self.world.charge(customer, 4900, key=id)
        self.db.execute("UPDATE customers SET paid = paid + 4900 WHERE id = ?", (customer,))
        ### END SOLUTION

    def follow_up(self, args):
        ### BEGIN SOLUTION
        return "report", {"shop": args["shop"]}
        ### END SOLUTION


# %% tags=["talk:abstraction-keeps-jobs-simple"]
YearlyFee = check("19.4")

# %% [markdown]
# A handful of lines, and they survive all of it. But for one word none of them is about survival. The word is `key`: a worker that dies
# after the charge and before the COMMIT takes the mark in `done` with it, the row comes again, and only the provider still knows. Who
# writes the next job writes a handful of others, and gets the same. See it with your own eyes: every process below is told to stop when it has charged one customer.

# %%
def serve(r, name, path, world):
    db = connect(path)
    jobs = {"fee": YearlyFee(db, world), "report": lambda args: world.mail(args["shop"], "all have paid")}
    worker = Worker(r, name, jobs, db, Leases(r, 60_000), now=lambda: 1000, rng=random.Random(1), timeout=0)
    return worker.run_until_idle()


# %% tags=["talk:shutdown-anytime"]
lab.again()
db.execute("UPDATE customers SET paid = 0")
enqueue(r, "fee", {"shop": "lamps"}, "fee-2026")
lives = [lab.run(serve, r, f"worker {n}", path, world, fault="stop after charge").value for n in range(1, 8)]
print(*lives, "· charged", world.charges(), "· mails", world.mails())

# %% [markdown]
# Six customers, six deployments, and the seventh worker was left with the report. Order and number of the charges are what they
# would have been without any deployment.
#
# ## The complex system around the simple job
#
# Where is all that was taken out of the job? In the framework, and in Redis. Before this part of the workbook, a job was a function
# call. Now it can be in five places:
#
# | where a job can be | comes from | leaves for |
# |---|---|---|
# | `jobs`, or `queue:urgent` | whoever queues it | a worker's list |
# | `processing:<worker>` | `jobs` or `queue:urgent` | nowhere, when it is done; `jobs`, when its worker is asked to stop or dies; `retry`, when it fails or its shop is locked; `dead`, when it has failed or killed too often |
# | `retry` | a worker's list | `jobs`, when it is due |
# | `dead` | a worker's list | `jobs`, when a person has mended the reason |
#
# Ask what is left to do on a bad day. A worker is asked to stop, a shop is locked, a job has a name that nobody knows, and then one customer's card takes the
# provider's library down, and with it each worker that comes to this row: three times, which is the limit (lab 18). *Before* is when
# the third one has died, *after* is when one more worker has come.
#
# **Predict first.** Three jobs were queued. When that one more worker has come, how many are in `retry`, and how many in `dead`? (Two
# numbers.)

# %%
predict(
    "19.p4",
    ### BEGIN SOLUTION
    2, 1,
    ### END SOLUTION
)

# %%
def operations(r, now):
    """`left_to_do` of lab 12, and what the labs since then have added."""
    told = left_to_do(r, now)
    told["urgent"] = r.llen("queue:urgent")
    told["retry"], told["due"] = r.zcard("retry"), r.zcount("retry", "-inf", now)
    told["dead"], told["interrupted"] = r.zcard("dead"), sum(map(int, r.hvals("interrupted")))
    told["dead workers"] = sum(not r.exists(f"lease:{key.decode()[11:]}") for key in r.scan_iter("processing:*"))
    return told


# %% tags=["talk:complex-overall-system"]
lab.again()
db.execute("DELETE FROM done")
enqueue_many(r, [("fee", {"shop": "lamps"}, "fee-1"), ("unknown", {}, "unknown-1"), ("fee", {"shop": "chairs"}, "fee-2")])
db.execute("INSERT INTO locked VALUES ('chairs')")
lab.run(serve, r, "worker 1", path, world, fault="stop after charge 2")
for n in (2, 3, 4):
    lab.run(serve, r, f"worker {n}", path, world, fault="kill before charge")
    r.delete(f"lease:worker {n}")
before = operations(r, now=1010)
lab.run(serve, r, "worker 5", path, world)
after = operations(r, now=1010)
print(f"{'':14}before  after")
for what in before:
    if before[what] or after[what]:
        print(f"{what:14}{before[what]:6}{after[what]:7}")
happened("19.p4", after["retry"], after["dead"])

# %% [markdown]
# (What is 0 is not shown.) In `retry` are the job with the unknown name, which is due again, and that of the locked shop, which is not
# yet. Each of these numbers needs somebody who looks at it, and knows what it means that it grows. `interrupted` is harmless now.
# `due` should be near zero, or nobody moves what is due. `dead` wants a person:
# the row that kills was never passed over, and it cost three workers, not all. That is the talk's bill at the end of its part on
# background jobs: the concrete job is simple, *because* the overall system is complex. The complexity did not go away. It is in one
# place, written once, and tested at every crash point, instead of in each job, where it was forgotten.
#
# ## What the real ones do
#
# | system | cursor | resumes | on a crash |
# |---|---|---|---|
# | job-iteration | set after the row; in the job, when it is pushed back | after it | the queue below decides: Resque and Sidekiq pop, so the job is gone; else all since the last interruption again |
# | Sidekiq, iterable job | set before the row; in a hash beside the queue, kept 30 days; written at an interruption and every 5 s | at it | gone; with the paid edition's fetch, all since the last write again |
# | yours | set after the row; in the job, in the worker's list, every `every` rows | after it | given back, `every` rows again, their effect once |
#
# job-iteration requires a cursor of JSON's types, and reads rows by keyset, in batches of 100 by default. It can limit how long a job
# runs at a stretch, so that others get their turn, and it throttles as you did. A row that always fails is not passed over there
# either: it is retried, and the rows behind it wait.
#
# ## When to choose this
#
# For every job whose length grows with your data. Its length is then no matter any more, of deployments least of all. It costs a form
# (a collection and a task), tasks that may come twice, and a cursor's place. It does not help a job that is one long step: a
# single query of an hour has no place between two rows. Nor does it keep a promise about the whole: customers may join and leave while
# it runs, so it is no snapshot. And a job of half a second needs none of this; it needs lab 18.

# %%
score()

# %% [markdown]
# ## Recall
#
# 1. Why does a cursor that counts rows leave some out? What does a keyset cursor need of the order?
# 2. The cursor is saved before the row. How must a job resume, and what happens otherwise?
# 3. A worker is killed after row 5. What does job-iteration do again, what does Sidekiq's iterable job, what does yours, and why?
# 4. Why must an interrupted job do at least one row?
# 5. Why does a job with a cursor stay in the worker's list, and why are leaving it and standing in `jobs` one step?
# 6. You look for the lock before each row, and write after it. What is wrong?
# 7. Why does a throttled job go to `retry`, and not to sleep?
# 8. How can finishing a job and taking the next be one round trip without a crash point more?
# 9. Which of labs 13 to 18 keeps a customer from being charged twice, which from being forgotten?
# 10. The concrete job became simple. Where did the complexity go, and what is gained by that?
