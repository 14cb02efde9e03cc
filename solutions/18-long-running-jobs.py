# %% [markdown]
# # 18 · Long-running jobs: stopped by every deployment
#
# **You build** a worker that can be stopped at any time and leaves nothing behind, and a count of crashes that survives the
# crash, so that a job which kills its worker does not kill them all.
#
# **Time** 55 minutes. **You need** Redis (running), `take`, `finish` and `Leases` of lab 15, and what lab 13 keeps in a job that
# failed. If you come here first, the recap is enough, as long as you know one of Redis's ways to change several keys in one step.
#
# **From the talk** *Resque prevents worker shutdown and blocks deployments*, *not cloud-friendly*, *Sidekiq aborts and
# requeues* and *may never finish*: what happens to a long job when its worker has to go.
#
# <!-- budget: cells 80, because Resque and Sidekiq run step by step, and each of three faults is predicted before it happens -->

# %% [markdown]
# ## Recap
#
# 1. A job is JSON with an `id`, a `name` and `args` (lab 11). Jobs wait in the list `jobs`, the next one on the right.
# 2. `take(r, worker)` moves the next job into the list `processing:<worker>`, `finish(r, worker, raw)` removes it from there.
# 3. A worker that works renews its lease, the key `lease:<worker>`. Without a lease it is dead by definition, and
#    `Leases(r, milliseconds).recover()` gives back what it held.
# 4. Each process gets a name of its own, never used before: `worker 1` is dead for good when it is dead.
# 5. So no job is lost, whatever happens to a worker. It may be done twice.
# 6. A failed job carries `attempts` and the times `first` and `last`; one that failed too often is in the sorted set `dead`, scored
#    by the time (lab 13). What must be one step is a transaction (`pipeline`; with `WATCH` where it first reads) or a Lua script.

# %%
import itertools
import json
import os
import signal
from collections import Counter
from contextlib import suppress

# %%
from workbook import check, exercise, figures, happened, hint, judge, open_lab, predict, reveal, score
from workbook.taught.lab11 import enqueue
from workbook.taught.lab15 import Leases, finish, take

lab = open_lab("18")
r, world = lab.redis, lab.world

# %% [markdown]
# Most jobs of the shop are short: an invoice charges one card. One is long: the newsletter writes to every customer. Its
# length is counted in *ticks* here, not in seconds, so that everything below happens exactly: one tick is one step of the
# job, and a job calls `tick()` before each of its steps. A lease of lab 15 must be renewed *while* the work goes on, and that
# is where the worker does it.

# %%
def newsletter(args, tick):
    for customer in range(1, args["customers"] + 1):
        tick()
        world.mail(f"customer {customer}", "Winter sale")


# %%
def invoice(args, tick):
    tick()
    world.charge(f"order {args['order']}", 4900)


handlers = {"newsletter": newsletter, "invoice": invoice}

# %% [markdown]
# Each experiment begins with an empty corner and some jobs in the queue. `waiting` says what is in a list, the next one first.

# %%
def begin(*jobs):
    lab.again()
    for name, args, id in jobs:
        enqueue(r, name, args, id)


# %%
def waiting(key="jobs"):
    return [json.loads(raw)["id"] for raw in reversed(r.lrange(key, 0, -1))]


NEWSLETTER = ("newsletter", {"customers": 10}, "newsletter-1")
INVOICES = [("invoice", {"order": n}, f"invoice-{n}") for n in (1, 2, 3)]
begin(NEWSLETTER, *INVOICES)
waiting()

# %% [markdown]
# The worker's loop is that of lab 15: take, do, finish. What the job gets as `tick` renews the lease. `grace` is used from the first
# exercise on. `start` is what a new process does first: it gets its lease before it takes anything. Leases last only 50 ms here, so
# that nobody waits long for a dead worker's to end.

# %%
def run_naively(r, worker, handlers, leases, grace):
    while (raw := take(r, worker, 0.1)) is not None:
        todo = json.loads(raw)
        handlers[todo["name"]](todo["args"], lambda: leases.renew(worker))
        finish(r, worker, raw)
    return "idle"


# %%
def start(r, run, worker, handlers, grace=1):
    Leases(r, 50).renew(worker)
    return run(r, worker, handlers, Leases(r, 50), grace)


# %% [markdown]
# ## A deployment
#
# New code can't be put into a running process. So a deployment ends every worker and starts new ones, and it is the same on
# every platform: the process gets the signal SIGTERM, a request to end itself. Then the platform waits for a while (30 seconds
# by default on Kubernetes), and then SIGKILL ends what is still there, which cannot be caught.
#
# The fault `stop after mail 4` sends SIGTERM to the worker right after its fourth mail. The newsletter goes to ten customers.

# %%
begin(NEWSLETTER)
ended = lab.run(start, r, run_naively, "worker 1", handlers, name="worker 1", fault="stop after mail 4")
print(ended.kind, "· mails", len(world.mails()), "· jobs", waiting(), "· held", waiting("processing:worker 1"))

# %% [markdown]
# A process that does not handle SIGTERM is ended by it at once, as by SIGKILL. Four mails are sent, and the newsletter
# stands in the list of a worker that is gone. Thanks to its lease somebody will find it there. But nobody had crashed: the
# worker was *asked* to go, and could have put its things in order. The verdict of this lab's first exercise says the same:

# %%
judge("18.1", run_naively, expect="stuck")

# %% [markdown]
# ## Resque: wait for the child, or kill it
#
# Resque's worker forks a *child* process for each job and waits for it. Which signal the worker gets decides what becomes of
# the child: QUIT waits until the child is done, however long that takes; TERM kills the child at once. Here the child is a
# worker process, held right after its fourth mail. You are the parent: these cells do, step by step, what the parent does. (A child
# has no lease to renew, so its `tick` does nothing.)

# %%
def perform(raw, handlers):
    todo = json.loads(raw)
    handlers[todo["name"]](todo["args"], lambda: None)


# %%
def reserve_and_fork(*deployments):
    begin(NEWSLETTER)
    raw = r.rpop("jobs")
    child = lab.worker(perform, raw, handlers, name="child", faults=[f"hold after mail {n}" for n in deployments])
    child.wait_held()
    return raw, child


# %% [markdown]
# The parent knows which job its child had. Resque has no retries of its own, only a list of what failed, for a person to look at.
#
# **Predict first.** The deployment comes after tick 4 of 10. With QUIT: for how many ticks does the deployment wait? With
# TERM: where is the newsletter afterwards, in `"jobs"`, in `"failed"`, or `"nowhere"`? (Two values.)

# %%
predict(
    "18.p1",
    ### BEGIN SOLUTION
    6, "failed",
    ### END SOLUTION
)

# %% [markdown]
# QUIT. The parent leaves the child alone and waits for its end. Nothing is lost, and nothing can be deployed meanwhile:

# %% tags=["system:resque", "talk:resque-prevents-shutdown", "talk:resque-blocks-deployment"]
raw, child = reserve_and_fork(4)
child.release()  # QUIT: the child goes on as if nothing had happened …
child.finish()  # … and the parent waits for it, and the deployment for the parent
waited = len(world.mails()) - 4
print(f"asked to stop after tick 4, stopped after tick {len(world.mails())}: {waited} ticks later")

# %% [markdown]
# TERM. The parent kills the child and files the job as failed, with the reason `DirtyExit`: "the child did not end as it
# should". There it stays until a person looks.

# %% tags=["system:resque"]
raw, child = reserve_and_fork(4)
child.kill()  # TERM: the child dies at once …

# %% tags=["system:resque"]
entry = {"job": raw.decode(), "reason": "DirtyExit"}
r.lpush("failed", json.dumps(entry))  # … and the parent files its job
filed = json.loads(r.lindex("failed", 0))

# %%
print("mails", len(world.mails()), "· jobs", waiting(), "· failed", json.loads(filed["job"])["id"], filed["reason"])
happened("18.p1", waited, "failed" if r.llen("failed") else "jobs" if waiting() else "nowhere")

# %% [markdown]
# So with QUIT a person can deploy who has the patience. A cloud platform has none. It replaces machines when *it* wants to,
# sends one signal, waits for a fixed time, and then kills the parent and the child alike. Say it sends QUIT after tick 4
# and has a patience of two ticks:

# %% tags=["system:resque", "talk:not-cloud-friendly"]
raw, child = reserve_and_fork(4, 6)
child.release()  # QUIT
child.wait_held()  # two ticks later
child.kill()  # SIGKILL, to the parent too: nobody is left to file the job
print("mails", len(world.mails()), "· jobs", waiting(), "· failed", r.llen("failed"))

# %% [markdown]
# Now the job is not even filed. (Resque notes what each worker is at; another worker that finds the dead one's heartbeat to be
# five minutes old, by default, files it as failed.) Six customers have the mail, four don't, and the newsletter is in no
# queue. Waiting is no answer where nobody waits for you.
#
# ## Sidekiq: abort and requeue
#
# Sidekiq runs its jobs in threads of one process. On TERM it takes no more jobs and lets the running ones go on for a *grace
# period*, 25 seconds by default, a little less than the platforms wait. What is not done by then it pushes back into the
# queue, to be taken next, and then it aborts the threads. In this order on purpose: the other way round a job could get lost.
# Here is one thread of it. TERM comes after mail number `term` of the process, and the grace period is counted in ticks too:

# %% tags=["system:sidekiq", "talk:sidekiq-aborts-and-requeues"]
def sidekiq_process(term, grace):
    raw = r.rpop("jobs")
    thread = lab.worker(perform, raw, handlers, faults=[f"hold after mail {n}" for n in (term, term + grace)])
    if thread.wait_held():  # TERM: no more jobs are taken, this one goes on
        thread.release()
        if thread.wait_held():  # the grace period is over, and it is not done
            r.rpush("jobs", raw)
            thread.kill()


# %% [markdown]
# The deployment is on time, the job is in the queue again, and the next process begins it from the start. In this shop TERM comes
# four ticks after each start, the grace period is one tick, and the newsletter needs ten. An invoice waits behind it, and this one thread is all there is.
#
# **Predict first.** After five deployments: how many mails were sent in all? How many of the ten customers got one? Is the
# newsletter done, and is the invoice done (`True` or `False`)? (Four values.)

# %%
predict(
    "18.p2",
    ### BEGIN SOLUTION
    25, 5, False, False,
    ### END SOLUTION
)

# %% tags=["talk:sidekiq-may-never-finish"]
begin(NEWSLETTER, INVOICES[0])
for deployment in range(5):
    sidekiq_process(4, 1)
got = Counter(customer for customer, _ in world.mails())
happened("18.p2", len(world.mails()), len(got), "newsletter-1" not in waiting(), "invoice-1" not in waiting())

# %% tags=["figure"]
drawn = figures.bars(
    {str(n): got[f"customer {n}"] for n in range(1, 11)},
    title="After five deployments: mails that each customer got",
    unit="mails",
    x="customer",
)
print(drawn.table())
drawn

# %% [markdown]
# Twenty-five ticks of work, and the newsletter is where it was at the beginning. Customers 1 to 5 have it five times,
# customers 6 to 10 will never get it as long as deployments come that often. And because it comes next each time, the invoice
# behind it waits too. A sixth deployment changes nothing: there is no number of deployments after which this job is done.
#
# Aborting is still the right thing to do: the worker stops when it must, and the job is not lost. You build that first. What
# is missing, to remember where the job was, is lab 19.
#
# ## To stop in time
#
# Four things have to be right. The first is how a running job is ended. A job may catch exceptions, because one bad address
# must not spoil a newsletter. Python has a kind of exception for this: `except Exception` does not catch what is no
# `Exception`.

# %% tags=["teaches"]
class Stopped(BaseException):
    """Raised in a job, by its `tick()`, to end it. No Exception: a job that catches every Exception must not catch this."""


# %%
def careful_step(problem):
    try:
        raise problem
    except Exception:
        return "the job caught it, and goes on"


# %%
for problem in (ValueError, Stopped):
    try:
        print(problem.__name__, "·", careful_step(problem))
    except Stopped:
        print(problem.__name__, "· it came through: the job is ended")

# %% [markdown]
# (Python ends programs in the same way: `SystemExit` and `KeyboardInterrupt` are no `Exception` either.)
#
# The second is a lease that begins before the job does: a worker that has taken a job, and no lease yet, counts as dead, and its job
# would be given to another (lab 15).

# %% tags=["teaches"]
def take_alive(r, worker, leases):
    """Renew the lease of `worker`, then take a job: bytes, or None when none came within 0.1 seconds."""
    leases.renew(worker)
    return take(r, worker, 0.1)


# %%
begin(("invoice", {"order": 1}, "invoice-1"))
take_alive(r, "worker 1", Leases(r, 60_000)), r.exists("lease:worker 1")

# %% [markdown]
# The third is to give the job back. It moves from the worker's list to the right end of `jobs`, byte for byte as it was: a
# deployment is not the job's fault, so no attempt is counted. But it should be noted, because a job that is interrupted again
# and again is the one that never finishes. The hash `interrupted` counts, by the job's id. Both happen in one transaction, so
# that nobody who is killed in between leaves one without the other. A worker holds one job, so `LMOVE` needs only the place. And if
# the job is not this worker's any more, because its lease ran out, it finds nothing to move; the note is then one too many, which
# this lab accepts.

# %% tags=["teaches"]
def give_back(r, worker, id):
    """Give back the job that `worker` holds and can't end, to be taken next, and note the interruption: both, or neither."""
    with r.pipeline() as pipe:
        pipe.lmove(f"processing:{worker}", "jobs", "RIGHT", "RIGHT")
        pipe.hincrby("interrupted", id, 1)
        pipe.execute()


# %%
begin(NEWSLETTER, *INVOICES)
take(r, "worker 1")
give_back(r, "worker 1", "newsletter-1")
waiting(), r.hgetall("interrupted")

# %% [markdown]
# The fourth is the signal. `signal.signal` names a function that Python calls in the main thread, between two steps of
# whatever runs there, in the middle of a Redis call too. So that function should do next to nothing. (To block the signal instead
# does not help: a worker's process has a second thread, which would get it.)

# %%
came = []
before = signal.signal(signal.SIGTERM, lambda number, frame: came.append(number))
os.kill(os.getpid(), signal.SIGTERM)
signal.signal(signal.SIGTERM, before)  # as it was
came == [signal.SIGTERM]

# %% [markdown]
# ### Exercise 18.1: run until stopped
#
# Write `run_until_stopped`. It takes jobs with `take_alive`, does them, one after the other, and finishes each
# with `finish`, until no job is left; then it returns `"idle"`. `handlers` has a function for each job's `name`; call it with
# the job's `args` and with your `tick`, which the job calls before each of its steps. Each `tick` renews the worker's lease
# too, with `leases.renew(worker)`.
#
# When SIGTERM has come, no job is begun, and one that is taken but not begun is given back. The job at hand may begin `grace` more
# steps, each with its lease renewed; the `tick` of one step more raises `Stopped` in it (or another exception that is no
# `Exception`), and the worker gives it back: next in `jobs`, as it was, and counted in `interrupted` in the same step (`give_back`
# does that; whether a job that was not begun is counted is up to you). A job that gets done within the grace is finished as ever,
# and not counted. Then it returns `"stopped"`, and nothing is left in the worker's own list.
#
# SIGTERM may come at every moment: while the worker waits for a job, when it has taken one and not begun it, in the middle of a
# finish. A second SIGTERM gives no second grace. No job fails here: that was lab 13.
#
# If you are stuck: `hint("18.1")`, `hint("18.1", 2)`; `reveal("18.1")` prints one possible answer.

# %% tags=["teaches"]
@exercise("18.1")
def run_until_stopped(r, worker, handlers, leases, grace):
    """Do the jobs in `jobs` until none is left ("idle") or SIGTERM has come ("stopped"); returns which.

    handlers: name -> function(args, tick); a job calls tick() before each of its steps. grace: how many steps the job at
    hand may still begin after SIGTERM; if it needs more, it is ended by `Stopped` and given back.
    """
    ### BEGIN SOLUTION
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
    ### END SOLUTION


# %%
run_until_stopped = check("18.1")

# %% [markdown]
# ## Job length against deployment interval
#
# Now measure when such a job gets done. `five_deployments` runs up to five workers, one after the other. Each gets SIGTERM
# after its mail number `every`, with a grace of one tick, for a newsletter to `customers` customers. A longer newsletter, or a shorter
# interval: which of them get done at the first try, which later, which never? Think of a rule before you look at the table.

# %%
def five_deployments(customers, every):
    begin(("newsletter", {"customers": customers}, "newsletter-1"))
    for n in range(1, 6):
        if waiting():
            lab.run(start, r, run_until_stopped, f"worker {n}", handlers, fault=f"stop after mail {every}")
    return len(world.mails()), waiting() == []


# %%
LENGTHS, INTERVALS = (5, 6, 8, 10), (4, 7, 12)
table = {(length, every): five_deployments(length, every) for length in LENGTHS for every in INTERVALS}

# %%
print("ticks needed", *[f"deployed every {every:2}" for every in INTERVALS], sep="   ")
for length in LENGTHS:
    cells = [table[length, every] for every in INTERVALS]
    cells = [f"{'done' if done else 'open'} after {ticks:2}" for ticks, done in cells]
    print(f"{length:12}", *[f"{cell:>17}" for cell in cells], sep="   ")

# %% [markdown]
# A process lives for the interval and the grace. What is longer than that begins again each time, and uses up every tick of all five
# lives: nothing is done at the second try. One tick decides between everything and nothing, as 5 and 6 show in the first column.
# Newsletters grow with the customers. One day yours is a tick too long, and no code was changed that day. What tells you is the record:

# %%
five_deployments(10, 4)
r.hgetall("interrupted"), waiting()

# %% [markdown]
# ## The job that kills its worker
#
# A deployment is polite. This is not: a job that uses up the memory makes the kernel kill the process, without a signal that
# could be caught. Our photo job does it to itself. Three invoices wait behind it.

# %%
def photo(args, tick):
    tick()
    os.kill(os.getpid(), signal.SIGKILL)  # what the kernel does when the memory is used up


handlers["photo"] = photo
PHOTO = ("photo", {"picture": 1}, "photo-1")

# %% [markdown]
# The queue of lab 15 loses nothing. When a worker's lease has run out, `recover` gives back what it held,
# and a new worker starts.
#
# **Predict first.** After four workers: how many of them were killed, and how many of the three invoices are done? (Two values.)

# %%
predict(
    "18.p3",
    ### BEGIN SOLUTION
    4, 0,
    ### END SOLUTION
)

# %%
begin(PHOTO, *INVOICES)
killed = 0
for n in range(1, 5):
    killed += lab.run(start, r, run_until_stopped, f"worker {n}", handlers).kind == "killed"
    lab.until(lambda: Leases(r, 50).recover())
happened("18.p3", killed, len(world.charges()))

# %% [markdown]
# The queue that loses nothing also never lets go of the job that kills. It comes next each time, so it is all that the shop
# still does. A retry limit (lab 13) does not help: it is counted by the worker when the job has *failed*, in an `except` or a
# `finally`. SIGKILL runs neither. Whatever the dead worker wanted to count died with it.
#
# Who can count, then? Whoever finds the job in the list of a dead worker. So the crash is counted when the job is given back, in
# the same step: *given back and counted*, or still where it was. If they were two steps, somebody would be killed in between.
# And two who look at the same time must not count one crash twice. (Dead means silent, as in lab 15. A worker that was only frozen
# for longer than its lease counts as well, and nobody can tell the difference.)
#
# Where is the count kept? In the job itself, as lab 13 keeps `attempts`: with the time when it first went wrong (it may have failed
# before it crashed), the time of this crash, and a reason for the person who will look at it, in place of an earlier one. A crash is
# no attempt, so `attempts` stays what it was.

# %% tags=["teaches"]
def after_crash(raw, now):
    """The job `raw` with one more crash written down: crashes, first and last time, reason. All else stays."""
    todo = json.loads(raw)
    told = {"crashes": todo.get("crashes", 0) + 1, "first": todo.get("first", now), "last": now}
    return todo | told | {"reason": "its worker fell silent"}


# %%
once = after_crash(b'{"id": "photo-1", "name": "photo", "args": {"picture": 1}}', 1000)
after_crash(json.dumps(once), 1060)

# %% [markdown]
# A job that has crashed too often goes to the *dead set* of lab 13, the sorted set `dead`: out of the way, kept, for a person to look
# at. Judge first what happens without it:

# %%
def give_back_always(r, worker, limit, now):
    return r.lmove(f"processing:{worker}", "jobs", "LEFT", "RIGHT") and "given back"


# %%
judge("18.2", give_back_always, expect="WRONG")

# %% [markdown]
# ### Exercise 18.2: count the crash
#
# Write `count_crash`. `worker` is dead: its lease has run out. `count_crash` takes *one* job out of `processing:<worker>`, the
# newest (on the left), counts one crash of it, and returns what it did:
#
# - `"given back"`: the job is at the right end of `jobs`, to be taken next, with all that was in it;
# - `"buried"`: it has crashed `limit` times or more (the limit may have been lowered), and it is in the sorted set `dead` instead, with `now` as its score, as `after_crash`
#   gives it, in JSON;
# - `None`: there was no job, and nothing changed.
#
# At every moment each job is in one place, and one crash is counted once: in the step in which the job leaves the list. Also when
# `count_crash` is killed between two operations and called again, and when two of them run at once: each returns what it did itself.

# %% tags=["teaches"]
@exercise("18.2")
def count_crash(r, worker, limit, now):
    """Take the newest job out of the list of `worker`, who is dead, and count a crash of it: "given back", "buried" or None.

    A job that has crashed `limit` times or more goes to the sorted set `dead`. now: seconds.
    """
    ### BEGIN SOLUTION
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
    ### END SOLUTION


# %%
count_crash = check("18.2")

# %% [markdown]
# `recover` of lab 15 becomes this. It looks for the lists of workers without a lease, and counts while there is something in
# them:

# %% tags=["teaches"]
def recover_counting(r, limit, now):
    """Take care of all that silent workers hold; returns how many jobs were given back or buried. now: seconds."""
    cared_for = 0
    for mine in r.scan_iter("processing:*"):
        worker = mine.decode().removeprefix("processing:")
        while not r.exists(f"lease:{worker}") and count_crash(r, worker, limit, now):
            cared_for += 1
    return cared_for


# %% [markdown]
# ## All of it together
#
# The photo, three invoices, and a newsletter to ten customers. Workers come one after the other, each gets SIGTERM after its fourth
# mail, and a job may crash three times.

# %%
begin(PHOTO, *INVOICES, NEWSLETTER)
for n in range(1, 9):
    life = lab.run(start, r, run_until_stopped, f"worker {n}", handlers, fault="stop after mail 4")
    print(f"worker {n}", life.value or life.kind, "· charged", len(world.charges()), "· mails", len(world.mails()))
    lab.until(lambda: recover_counting(r, 3, 1000.0 + n) or not list(r.scan_iter("processing:*")))

# %% [markdown]
# Three workers died of the photo. The fourth did the invoices and began the newsletter, and all later ones only began the
# newsletter, five times in all. Now look at what is on record:

# %%
print("dead:", *r.zrange("dead", 0, -1))
print("waiting:", *r.lrange("jobs", 0, -1))
print("interrupted:", r.hgetall("interrupted"))

# %% [markdown]
# The newsletter was interrupted five times, more often than any job may crash, and has no `crashes`: it was always given back by a
# worker that was alive. Both records tell the shop what to do. `photo-1` needs another machine or a mended program;
# `redrive` (lab 13) leaves its `crashes` where they are, so it will have one try. `newsletter-1`
# needs to be split or to remember where it was: that is lab 19.
#
# A worker that is still at it when the platform's patience ends is killed like any other, and its job has a crash that it may not
# deserve. So keep the grace shorter than the patience, and the limit above one. And a job that never calls `tick()` can't be stopped
# in time at all: one step must be shorter than the grace.
#
# ## What the real ones do
#
# | system | asked to stop in the middle of a job | a job that kills its worker |
# |---|---|---|
# | Resque | QUIT waits for the child, TERM kills it; with `TERM_CHILD` the child gets TERM first, raised in the job as an exception, and KILL four seconds later by default | filed as failed, once: nothing gives it back |
# | Sidekiq | waits 25 s by default, pushes back, then aborts | lost, so it kills only once; the paid edition gives it back, counts how often, and then moves it to the dead set |
# | RQ | finishes the job at the first signal; a second one kills it | the parent, or later another worker, files it as failed, or retries it if retries are left |
# | Celery | finishes its tasks at TERM | acknowledged all the same by default, even with `acks_late`, because otherwise (`task_reject_on_worker_lost`) it would come back for ever |
#
# Celery's default shows the dilemma without a count: either the innocent job of a killed worker is lost, or the guilty one comes
# back for ever.
#
# ## When to choose this
#
# Wait for the job only where nobody waits for you: on your own machines, with rare deployments and jobs of seconds. Abort and give
# back where a job is shorter than the interval between deployments and may begin again without harm (lab 16): that is most jobs.
# For a job that is longer, or might become so, neither is enough; it must be cut into pieces or remember where it was. And count
# crashes wherever jobs are given back: the safer your queue, the longer a killer lives in it.

# %%
score()

# %% [markdown]
# ## Recall
#
# 1. What does a platform do to a process that is to end, in which order, and which part of it can be caught?
# 2. Resque gets QUIT in the middle of a long job. Who waits for whom?
# 3. Why does Sidekiq push a job back *before* it aborts it?
# 4. A job of 10 ticks, a deployment after every 4, a grace of 1: how many ticks are worked in five deployments, and how many of them
#    were of use?
# 5. Why is `Stopped` no `Exception`?
# 6. Why is an interruption noted, and why not as an attempt?
# 7. Why can a worker not count its own crash, and who can?
# 8. Why must the count and the move be one step?
