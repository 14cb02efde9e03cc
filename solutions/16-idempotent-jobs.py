# %% [markdown]
# # 16 · Idempotent jobs: twice does no harm
#
# **You build** jobs that may be delivered as often as they like: an effect in your own database that happens once for each
# job, a card that is charged once, and an enqueue that stays single when the network plays tricks.
#
# **Time** 60 minutes. **You need** Redis (running), a little SQL, and `take`, `finish` and `Leases` of lab 15. If you come
# here first, the recap is enough.
#
# **From the talk** *idempotent jobs*: since nobody delivers exactly once, a job must bear being done again.
#
# <!-- budget: cells 77, because three exercises, three predictions, a database, a provider and a queue need their own cells -->

# %% [markdown]
# ## Recap
#
# 1. A job is JSON with an `id`, a `name` and `args` (lab 11). It waits in the list `jobs`, pushed on the left, taken on the
#    right.
# 2. `take(r, worker)` moves a job into the list `processing:<worker>`; `finish(r, worker, raw)` removes it there (lab 15).
# 3. `Leases(r, milliseconds).recover()` gives back what silent workers hold. So a worker that is only slow can lose its job too.
# 4. A worker that is killed after the effect and before its `finish` leaves a job behind that is done, and nobody knows it.
# 5. So each job is done *at least once*. The effect happens outside the queue, and no queue can take it back.

# %%
import json
from uuid import uuid4

from workbook import check, exercise, figures, happened, hint, judge, open_lab, predict, reveal, score
from workbook.taught.lab11 import enqueue
from workbook.taught.lab15 import Leases, finish, take

lab = open_lab("16")
r, world = lab.redis, lab.world

# %% [markdown]
# An order is to be paid: the job `charge-7` charges the card for order 7. The worker's loop is that of lab 15; what it does
# with a job is handed in as `do`. (`lab.again()` begins an experiment: Redis and the outside world are empty again.)

# %%
def new_order():
    lab.again()
    enqueue(r, "charge", {"order": 7, "cents": 4900}, "charge-7")


# %%
def work(r, world, worker, do):
    while (raw := take(r, worker, timeout=0.01)) is not None:
        do(r, world, json.loads(raw))
        finish(r, worker, raw)


# %% [markdown]
# And this is what it does: it charges, without a thought for the second time.

# %%
def charge(r, world, job):
    world.charge(job["args"]["order"], job["args"]["cents"])


# %% [markdown]
# `worker 1` is killed right after its charge. Nobody renewed a lease here, so `recover` takes it for dead at once and gives
# its job back. `redo` does that, lets `worker 2` work, and returns how many charges there are. (`world.charges()` lists the
order of each charge.)

# %%
def redo(do):
    Leases(r, 100).recover()
    lab.run(work, r, world, "worker 2", do, name="worker 2")
    return len(world.charges())


# %%
new_order()
lab.run(work, r, world, "worker 1", charge, name="worker 1", fault="kill after charge")
redo(charge)

# %% [markdown]
# Charged twice, as lab 15 foretold. The queue kept its promise, *at least once*; what is missing is on the other side. An
# effect is called *idempotent* when the second time changes nothing: setting a price to 49 is, taking 49 from an account
# is not. Today you make effects idempotent that are not so by nature.
#
# ## Leave a mark
#
# The first idea is the right one: remember which jobs are done, and look before doing. Each job has an id, so a key
# `done:<id>` in Redis will do. `SET … NX` sets a key only if it is not there yet, and says whether it did. But when do you
# leave the mark, before the effect or after it?

# %%
def mark_before(r, world, job):
    if r.set(f"done:{job['id']}", 1, nx=True):
        charge(r, world, job)


def mark_after(r, world, job):
    if not r.exists(f"done:{job['id']}"):
        charge(r, world, job)
        r.set(f"done:{job['id']}", 1)


# %% [markdown]
# Two things can happen. The worker is killed between the two steps. Or the job is delivered *twice at once*: `worker 1` is
# slow and stands right before its charge (the fault `hold`), its job is given back, `worker 2` does it, and then
# `worker 1` goes on.

# %%
def killed(do, fault):
    new_order()
    lab.run(work, r, world, "worker 1", do, name="worker 1", fault=fault)
    return redo(do)


# %%
def twice_at_once(do):
    new_order()
    slow = lab.worker(work, r, world, "worker 1", do, name="worker 1", fault="hold before charge")
    slow.wait_held()
    redo(do)
    slow.release()
    slow.finish()
    return len(world.charges())


# %% [markdown]
# **Predict first.** How often is the card charged? Four numbers, in this order, as in `predict("16.p1", 3, 3, 3, 3)`:
#
# 1. mark before, killed between mark and charge
# 2. mark before, delivered twice at once
# 3. mark after, killed between charge and mark
# 4. mark after, delivered twice at once

# %%
predict(
    "16.p1",
    ### BEGIN SOLUTION
    0, 1, 2, 2,
    ### END SOLUTION
)

# %%
before = killed(mark_before, "kill before charge"), twice_at_once(mark_before)
after = killed(mark_after, "kill after charge"), twice_at_once(mark_after)
print("charges      killed between  twice at once")
print(f"mark before  {before[0]:14}  {before[1]:13}")
print(f"mark after   {after[0]:14}  {after[1]:13}")
happened("16.p1", *before, *after)

# %% [markdown]
# A mark before the effect turns *at least once* back into *at most once*: the job that was marked and not done is never
# done. A mark after the effect leaves the moment between effect and mark open, for a crash and for a second worker. You have
# only moved the question of lab 15, acknowledge first or last, to another place.
#
# ## The window
#
# There is a third flaw. Marks cost memory, so they get an end. A day seems plenty, when a job takes a second:

# %%
def mark_for_a_day(r, world, job):
    if r.set(f"done:{job['id']}", 1, nx=True, ex=86_400):
        charge(r, world, job)


# %% [markdown]
# Now the worker does its job on Friday evening, and is killed right before its `finish` (its `LREM`). The job stays where it
# is until somebody gives it back. You need not wait: `hours_pass` takes hours from the life that each mark has left.

# %%
def hours_pass(hours):
    for key in r.scan_iter("done:*"):
        r.expire(key, r.ttl(key) - hours * 3600)


def given_back_after(hours):
    new_order()
    lab.run(work, r, world, "worker 1", mark_for_a_day, name="worker 1", fault="kill before LREM")
    hours_pass(hours)
    return redo(mark_for_a_day)


# %% [markdown]
# **Predict first** (two numbers): how often is the card charged when the job is given back after 12 hours, and how often when
# it is given back on Monday morning, after 60?

# %%
predict(
    "16.p2",
    ### BEGIN SOLUTION
    1, 2,
    ### END SOLUTION
)

# %%
happened("16.p2", given_back_after(12), given_back_after(60))

# %% [markdown]
# So a promise of this kind always has three parts, and whoever leaves one out has not said anything: **the effect once, by
# id, within a window**. The window must be longer than the longest time after which a job can come back: the weekend, the
# retries of three weeks, the dead jobs that somebody redrives after the holidays.
#
# ## An effect in your own database
#
# Many effects are rows in a database of yours. Here the shop writes an invoice and takes a lamp from the stock. A job's mark
# is a row as well, in the table `done`: its id, its result, and when, which the database fills in by itself. (A
# `ProbedConnection`, needed below, is an ordinary connection on which a process can be killed at a statement.)

# %%
import sqlite3

from workbook.faults import ProbedConnection

path = str(lab.folder / "shop.db")
shop = sqlite3.connect(path, isolation_level=None)
shop.execute("CREATE TABLE IF NOT EXISTS invoices (number INTEGER PRIMARY KEY, order_id INTEGER)")
shop.execute("CREATE TABLE IF NOT EXISTS stock (item TEXT PRIMARY KEY, pieces INTEGER)")
shop.execute("CREATE TABLE IF NOT EXISTS done (id TEXT PRIMARY KEY, result, at TEXT DEFAULT CURRENT_TIMESTAMP)")
[name for name, in shop.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]

# %%
def clear_shop():
    shop.execute("DELETE FROM invoices")
    shop.execute("DELETE FROM done")
    shop.execute("INSERT OR REPLACE INTO stock VALUES ('lamp', 10)")


# %%
def count():
    return shop.execute("SELECT count(*), (SELECT pieces FROM stock) FROM invoices").fetchone()


clear_shop()
count()

# %% [markdown]
# No invoice, ten lamps. The effect of the job `invoice-7` is two statements. It returns the number of the invoice, which
# the mail to the customer will need.

# %%
def invoice(db):
    number = db.execute("INSERT INTO invoices (order_id) VALUES (7)").lastrowid
    db.execute("UPDATE stock SET pieces = pieces - 1")
    return number


clear_shop()
invoice(shop), count()

# %% [markdown]
# Now the mark around it. Look, do, mark; and whoever comes later gets the result of the first:

# %%
def naive_once(db, id, effect):
    found = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
    if found:
        return found[0]
    result = effect(db)
    db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
    return result


# %%
judge("16.1", naive_once, expect="duplicated")

# %% [markdown]
# The kill was not even between effect and mark, it was in the middle of the effect. On this connection (`isolation_level=None`)
# each statement is a transaction of its own, final as soon as it has run. `BEGIN IMMEDIATE` changes that: from there on,
# until `COMMIT`, all statements are one. A killed process's open transaction is undone by the database. The same two
# statements, killed after the first, without a transaction and within one:

# %%
def write(path, begin):
    db = sqlite3.connect(path, isolation_level=None, factory=ProbedConnection)
    if begin:
        db.execute("BEGIN IMMEDIATE")
    invoice(db)
    db.commit()


# %%
for begin in (False, True):
    clear_shop()
    lab.run(write, path, begin, fault="kill after INSERT")
    print("in a transaction:" if begin else "one by one:      ", "invoices %d, lamps %d" % count())

# %% [markdown]
# The invoice without its lamp is gone in the second line.
#
# `IMMEDIATE` matters when two come at once. SQLite has one lock for writing. A plain `BEGIN` takes it at the first statement
# that writes. Two that have both looked by then and now want to write could wait for each other for ever; so SQLite does not
# let the second wait, it refuses its write on the spot. `BEGIN IMMEDIATE` takes the lock before anything is read, and whoever
# else begins like this waits until it is free. Here `shop` has it, and another connection, which would
# wait for at most 0 seconds, asks for it:

# %%
shop.execute("BEGIN IMMEDIATE")
other = sqlite3.connect(path, isolation_level=None, timeout=0)
try:
    other.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    print(error)
shop.rollback()

# %% [markdown]
# ### Exercise 16.1: once
#
# Write `once`. It calls `effect(db)`, which writes with the connection that it is given, and returns what the effect
# returned: a number, a text or `None`. It leaves a row in `done` with the job's id and the result. A job that is delivered
# again has no further effect; the call returns the result that the first one had, as it was. That holds
#
# - when the worker is killed before or after any statement, also one of the effect's,
# - when two workers get the same job at once: the second waits for the first, and gets its result,
# - however old the mark is: on Monday, or after eleven years.
#
# When the effect raises, whatever it raises, nothing of it is left and no mark, that exception reaches the caller, and the
# next delivery tries anew. On `db` each statement is a transaction of its own unless you say `BEGIN`; it waits up to 5 seconds
# for the lock. No transaction is open when `once` is called, and none when it returns or raises.
#
# (`with db:` commits at its end, or rolls back when an exception comes out of it. It does not begin anything on such a
# connection.)
#
# If you are stuck: `hint("16.1")`, `hint("16.1", 2)`; `reveal("16.1")` prints one possible answer and counts the exercise
# as seen, not as solved. The lab always goes on, with the workbook's own `once` if need be.

# %% tags=["teaches"]
@exercise("16.1")
def once(db, id, effect):
    """Do `effect(db)` for the job `id`, unless it was done before; returns the effect's result, of now or of then.

    The table `done` (id, result, at) of `db` remembers each job that was done, in the transaction of its effect.
    """
    ### BEGIN SOLUTION
    db.execute("BEGIN IMMEDIATE")
    with db:
        found = db.execute("SELECT result FROM done WHERE id = ?", (id,)).fetchone()
        if found is not None:
            return found[0]
        result = effect(db)
        db.execute("INSERT INTO done (id, result) VALUES (?, ?)", (id, result))
        return result
    ### END SOLUTION


# %%
once = check("16.1")

# %% [markdown]
# A worker is killed right after its `COMMIT`, before it could tell anybody. The job comes back, and a second worker gets
# the number of the invoice that is there already (`.value` is what the worker's function returned):

# %%
def deliver(path, once):
    db = sqlite3.connect(path, isolation_level=None, factory=ProbedConnection)
    return once(db, "invoice-7", invoice)


clear_shop()
lab.run(deliver, path, once, fault="kill after COMMIT")
print("returned", lab.run(deliver, path, once).value, "- invoices %d, lamps %d" % count())

# %% [markdown]
# There is no moment between effect and mark any more, because they are one commit. And the window is as long as you keep
# the rows. The mark costs a row beside an invoice that you have to keep for ten years anyway. Often it costs nothing: with
# a unique column `job_id` in the table of invoices, the invoice is its own mark.
#
# ## An effect outside
#
# A charge is no row of yours. But could you not call the provider inside a transaction? If the worker dies, all is undone.
# The look and the mark are left out for the moment:

# %%
def charge_in_a_transaction(world, db, raw):
    args = json.loads(raw)["args"]
    db.execute("BEGIN IMMEDIATE")
    with db:
        return world.charge(args["order"], args["cents"])


# %%
judge("16.2", charge_in_a_transaction, expect="duplicated")

# %% [markdown]
# All is undone but the charge. A rollback reaches as far as the database, and the provider is not in it. After the kill
# nobody in the shop can know whether the card was charged. The provider knows. So payment providers let you send an
# *idempotency key* with a request: whoever sends the same key again gets the first answer, and nothing is charged.

# %%
lab.again()
world.charge(7, 4900, key="a key"), world.charge(7, 4900, key="a key"), world.charges()

# %% [markdown]
# Charge number 1, twice the same answer, one charge. The mark is where the effect is again, made in one step with it, only
# on the other side. And so is the window. Stripe may prune a key that is older than 24 hours; with Checkout.com it ends
# after 24 hours, unless you agree on something else. `prune_keys` lets our provider forget:

# %%
lab.again()
world.charge(7, 4900, key="a key")
world.prune_keys()
world.charge(7, 4900, key="a key"), world.charges()

# %% [markdown]
# ### Exercise 16.2: charge_once
#
# Write `charge_once`. `raw` is the job as it came from the queue; charge `args["cents"]` for `args["order"]`, and return the
# charge's number, in every delivery of the job the same. The card is charged once
#
# - when the worker is killed before or after any statement or charge, and the job comes back within the provider's window,
# - when two workers have the same job at once,
# - when the job was done on Friday and comes back on Monday, or after eleven years: the provider has forgotten its keys,
#   your database has not.
#
# A job that comes back may have been changed at its end: a retry counts `attempts` in it (lab 13). And one order may be paid
# in several jobs, such as two instalments of the same amount: each of them is charged. `db` is the shop's database with its
# table `done`, as in 16.1, and again no transaction is open when you return; you may use `once`, or not.

# %% tags=["teaches"]
@exercise("16.2")
def charge_once(world, db, raw):
    """Charge for the job `raw` and return the number of the charge; in a later delivery of this job only the number.

    The provider remembers the charge by the job's id within its window, the table `done` of `db` for ever after.
    """
    ### BEGIN SOLUTION
    todo = json.loads(raw)
    found = db.execute("SELECT result FROM done WHERE id = ?", (todo["id"],)).fetchone()
    if found is not None:
        return found[0]
    number = world.charge(todo["args"]["order"], todo["args"]["cents"], key=todo["id"])
    db.execute("INSERT OR IGNORE INTO done (id, result) VALUES (?, ?)", (todo["id"], number))
    return number
    ### END SOLUTION


# %%
charge_once = check("16.2")

# %% [markdown]
# If you wrapped `once` around the charge: it is right, and it holds the shop's only lock for writing as long as the provider
# takes to answer. Charge first and mark afterwards, and nobody waits; the key makes up for the moment between the two.
#
# One gap stays, and no code of yours closes it: killed between the charge and your own mark, and given back only after the
# provider's window. Then ask the provider first whether it has a charge for this job's id (send the id along with the charge,
# not only as the key), or let a person decide. Have an alarm for jobs that are older than the window, and it will be rare.
#
# ## The queue and the effect together
#
# The worker of lab 15 with the charge of today. It is killed at four points, one after another, and each time its job is
# given back. How often was the card charged?

# %%
def work_in_shop(r, world, worker, path, charge_once):
    db = sqlite3.connect(path, isolation_level=None, factory=ProbedConnection)
    while (raw := take(r, worker, timeout=0.01)) is not None:
        charge_once(world, db, raw)
        finish(r, worker, raw)


def run_in_shop(worker, fault=None):
    lab.run(work_in_shop, r, world, worker, path, charge_once, name=worker, fault=fault)


# %% tags=["talk:idempotent-jobs"]
for fault in ("kill before charge", "kill before LREM", "kill after LREM", "kill after charge"):
    clear_shop()
    new_order()
    run_in_shop("worker 1", fault)
    Leases(r, 100).recover()
    run_in_shop("worker 2")
    print(f"{fault:18} charges {len(world.charges())}, jobs left {r.llen('jobs')}")
last, charges = lab.history.records(), world.charges()

# %% [markdown]
# One charge in each row. In the last row the charge was *asked for* twice: the two boxes `charge` are requests to charge
# order 7, and the line below the table counts the charges. That is all that *idempotent* means. (The history has the order
# where the charge was asked for, and the job's id in Redis. There is one job only, so the figure names both by the order.)

# %% tags=["figure"]
story = figures.timeline(
    [{**record, "id": "order 7"} for record in last],
    title="Asked for twice, charged once",
    only=["charge", "LREM"],
    lanes=["worker 1", "worker 2"],
)
print(story.table(), f"charges: {len(charges)}", sep="\n")
story

# %% [markdown]
# Nobody *delivered* exactly once here, and nobody needs to. At least once from the queue, and an effect that is idempotent,
# give the effect once, by id, within a window.
#
# ## An enqueue that is sent twice
#
# The other end of the queue repeats as well. In lab 15 one `LPUSH` put the same job into the list twice: Redis had carried
# it out, the reply was lost, and redis-py sent the command again. Here it is once more, with a job whose effect is idempotent:

# %%
import redis

from workbook.proxy import lost_reply


def through(proxy):
    return redis.Redis(**{**lab.redis_at, "host": proxy.host, "port": proxy.port})


# %%
clear_shop()
lab.again()
with lost_reply("redis", lose="LPUSH") as proxy:
    enqueue(through(proxy), "charge", {"order": 7, "cents": 4900}, "charge-7")
copies = r.llen("jobs")
run_in_shop("worker 1")
print("copies of the job:", copies, "- charges:", len(world.charges()))

# %% [markdown]
# Two copies with the same id, one charge: for `charge_once` a second copy is a second delivery. That is why the id is made by
# whoever wants the work done, before the first attempt: a checkout that calls `enqueue` again after an error says the same
# id. An id that the queue, or each call, made anew would make two jobs of one wish.
#
# Not every effect can be made idempotent, though. A mail server takes no key. For such a job the second copy is a second mail,
# so it pays to keep the queue itself free of copies. Redis can remember ids, as it did with `done:`, here in `seen:`. The
# first idea is `SET … NX`, and then the push:

# %%
def remember_then_push(r, raw, keep=604_800):
    if not r.set(f"seen:{json.loads(raw)['id']}", 1, nx=True, ex=keep):
        return False
    r.lpush("jobs", raw)
    return True


# %%
judge("16.3", remember_then_push, expect="lost")

# %% [markdown]
# A mark before the effect, as at the beginning: remembered, and never pushed. The two must be one step. `MULTI` makes several
# commands one, but it runs all of them, whatever the first one replied; what is needed is a step with an *if* in it. Redis has
# two. With `WATCH` you read first, and what follows is only carried out if nobody has changed meanwhile what you watch:
#
# ```python
# with r.pipeline() as pipe:
#     pipe.watch(key)          # from here on each command runs at once
#     value = pipe.get(key)
#     pipe.multi()             # from here on they are collected
#     pipe.set(key, "new")
#     pipe.execute()           # all of them, or redis.WatchError: somebody has changed the key, begin again
# ```
#
# Or a Lua script: it runs inside Redis, and nothing else runs meanwhile. `KEYS` and `ARGV` are what `r.eval(script, number of
# keys, key, …, argument, …)` hands in, as text; `GET` of a key that is not there gives `false` (not `nil`); `a == b` compares.
#
# RQ has such a script for its option `unique=True`. In short, and with the same commands: is there a job with this id? Then
# reply 0. If not, store it, push its id, and reply 1.

# %%
RQ_UNIQUE = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'data', ARGV[2])
redis.call('RPUSH', KEYS[2], ARGV[1])
return 1
"""

# %% [markdown]
# **Predict first** (two numbers). The checkout calls it once, for a new job, and the reply is lost. How many copies are in the
# queue, and which reply, 0 or 1, does the checkout get in the end?

# %%
predict(
    "16.p3",
    ### BEGIN SOLUTION
    1, 0,
    ### END SOLUTION
)

# %% tags=["system:rq", "system:redis"]
lab.again()
with lost_reply("redis", lose="EVAL") as proxy:
    reply = through(proxy).eval(RQ_UNIQUE, 2, "rq:job:mail-7", "rq:queue:default", "mail-7", "…")
happened("16.p3", r.llen("rq:queue:default"), reply)

# %% [markdown]
# The queue is right, and the reply is a lie: 0 means that somebody else had queued this job before, and RQ makes a
# `DuplicateJobError` of it. Nobody had. The script ran twice, and the second run met the traces of the first. A checkout
# that believes it tells the customer "you have ordered that already" and takes the basket away. Redis cannot tell a command
# that is sent again from a second call, unless they differ: what is sent again carries the same arguments as before, and a
# second call need not.
#
# ### Exercise 16.3: enqueue_once
#
# Write `enqueue_once`. It pushes the job `raw` on the left of `jobs`, as it is, unless a job with its id was queued before. It
# remembers the id in the key `seen:<id>`, which ends by itself `keep` seconds after the push. It returns `True` if this call
# queued the job, and `False`, and changes nothing, if an earlier call had. That holds
#
# - when any reply is lost, or any request, once, and the command is sent again, by redis-py or by your own loop: the job is
#   there, it is there once, and the call that queued it returns `True`,
# - when the caller is killed before or after any command, and somebody hands the job over again: it is there, once,
# - when two callers hand it over at the same moment: one of them returns `True`.
#
# A call is a call: the same program that hands the same job over a second time gets `False`. And a job that is done and no
# longer in `jobs` is remembered all the same.

# %% tags=["teaches"]
@exercise("16.3")
def enqueue_once(r, raw, keep=604_800):
    """Push the job `raw`, unless a job of its id was queued in the last `keep` seconds; True if this call queued it."""
    ### BEGIN SOLUTION
    script = """
    if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[3]) then
        redis.call('LPUSH', KEYS[2], ARGV[2])
    end
    return redis.call('GET', KEYS[1]) == ARGV[1] and 1 or 0
    """
    call = str(uuid4())  # made before the first attempt: a command that is sent again carries the same
    return r.eval(script, 2, f"seen:{json.loads(raw)['id']}", "jobs", call, raw, keep) == 1
    ### END SOLUTION


# %%
enqueue_once = check("16.3")

# %% [markdown]
# This promise has a window too: `keep`, a week. After it the same id would be pushed again.
#
# Mind what it does *not* do. It keeps one copy in the queue. That one is still delivered at least once, and a worker killed
# after the mail and before its `finish` has it sent again. Enqueueing once is no substitute for an idempotent effect.
#
# ## What the real ones do
#
# | system | against copies in the queue | what a repeated delivery can be recognised by |
# |---|---|---|
# | Resque | nothing; plugins | whatever you put into the arguments |
# | Sidekiq | unique jobs, in the paid Enterprise edition | the `jid`, which stays the same in a retry |
# | RQ | `unique=True` with your own job id, as above | the job's id |
# | Celery | nothing; plugins | the task id, which a retry keeps and the caller may choose |
# | Dramatiq | nothing | the `message_id` (on Redis there is a `redis_message_id` as well, new in each enqueue, a retry's too) |
#
# None of them can make your effect idempotent: what it is, only you know. The manuals of Sidekiq and Celery ask you to.
#
# ## When to choose this
#
# Always, when a job is delivered at least once and a repeat would do harm. In this order: make the effect idempotent by
# nature (set, don't add); else put effect and mark into one transaction; else hand a key to whoever has the effect, and keep
# your own mark for the time after their window. Take as id what the work *is* ("the charge for the June instalment of order
# 7"), decided by whoever asks for the work, before the first attempt. If there is neither transaction nor key, as with a mail,
# choose: at most once for "your parcel is near", at least once for "your password was changed".

# %%
score()

# %% [markdown]
# ## Recall
#
# 1. What can happen to a job whose mark is left before its effect, and what to one whose mark is left after it?
# 2. Which three parts has the promise that replaces *exactly once*?
# 3. What must the window of a mark be longer than? Name two things that bring a job back late.
# 4. Why does one transaction help with an invoice, and not with a charge?
# 5. Two workers have the same job at the same moment. What makes the second one wait, and why must it, before it looks?
# 6. What makes a good idempotency key? Why not the order's number, the bytes of the job, or a random one for each attempt?
# 7. Why is `MULTI` with `SET … NX` and `LPUSH` not enough?
# 8. A reply was lost, and the guarded command was sent again. What does a plain guard reply, and why is it untrue?
# 9. The queue holds each job once. Why must the effect be idempotent all the same?
