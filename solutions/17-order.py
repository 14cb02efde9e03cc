# %% [markdown]
# # 17 · Order: one step after the other
#
# **You build** chains of jobs: the steps of one order are done one after the other, however many workers there are and
# whichever of them dies, while different orders don't wait for each other.
#
# **Time** 45 minutes. **You need** Redis (running), `take`, `finish` and `Leases` of lab 15, and two things of lab 16: the
# idempotency key of the payment provider, and `enqueue_once`. If you come here first, the recap is enough.
#
# **From the talk** *jobs run out of order*, *queue sequentially*, and *the first job queues its follow-up*.
#
# <!-- budget: cells 73, because two exercises, three predictions, three tries that fail and two real systems need their own cells -->

# %% [markdown]
# ## Recap
#
# 1. A job is JSON with an `id`, a `name` and `args` (lab 11). Jobs are pushed on the left of the list `jobs` and taken from the
#    right, oldest first.
# 2. `take(r, worker)` moves a job into the list `processing:<worker>` (or gives again what still stands there);
#    `finish(r, worker, raw)` removes it there. A dead worker's jobs come back with `Leases(r, milliseconds).recover()` (lab 15).
# 3. So a job is done *at least once*: a worker that dies between the effect and `finish` has it done again.
# 4. The payment provider knows an *idempotency key*: a second charge with the same key charges nothing (lab 16).
# 5. `enqueue_once(r, raw)` pushes a job and remembers its id for a week; for an id that it remembers it pushes nothing. It
#    returns whether it pushed (lab 16).

# %%
import json
from contextlib import contextmanager
from uuid import uuid4

from workbook import check, exercise, figures, happened, hint, judge, open_lab, predict, reveal, score
from workbook.taught.lab11 import enqueue, job
from workbook.taught.lab15 import Leases, finish, take
from workbook.taught.lab16 import enqueue_once

# %%
lab = open_lab("17")
r, world = lab.redis, lab.world

# %% [markdown]
# An order is paid in three steps: the *deposit* opens the payment, then comes the *balance*, and at last the *shipping*.
# The provider books whatever it is sent, so it is the shop that must send it in this order: a balance without a deposit
# ends in a dispute. The checkout queues three jobs, one for each step:

# %%
STEPS = ["deposit", "balance", "shipping"]


def queue_all(order):
    for number, name in enumerate(STEPS, 1):
        enqueue(r, name, {"order": order}, f"order {order}:{number}")


# %%
lab.again()
queue_all(7)
[json.loads(raw)["name"] for raw in r.lrange("jobs", 0, -1)]

# %% [markdown]
# (`lab.again()` begins an experiment with nothing in Redis and nothing booked.) The newest job stands on the left, the deposit
# on the right, and it is taken first. A queue keeps its order. The worker takes a job, charges the card with the job's id as
# the key, and finishes, until the queue is empty. `world` is what lies outside of the shop: `world.charge(what, cents, key)` has
# the provider book a charge, and `world.charges()` lists what was booked.

# %%
def charge(world, job):
    world.charge(f"order {job['args']['order']} {job['name']}", 4900, key=job["id"])


def work(r, world, worker):
    while r.llen("jobs"):
        raw = take(r, worker)
        charge(world, json.loads(raw))
        finish(r, worker, raw)


# %% [markdown]
# ## Two workers
#
# With one worker this goes well. Now there are two, and one of them is slow for a moment: a lost packet, a page that has to
# be fetched from disk. The fault `hold` makes this exact. `worker 1` stands still right before its first charge, the
# block below the `with` happens meanwhile, and then `worker 1` goes on. `lab.worker` starts a worker as a process of its own,
# `lab.run` also waits for its end. Both stop a worker that has not returned after five seconds:

# %%
def tell(name, outcome):
    if outcome.kind == "overran":
        print(f"{name} was stopped: it had not returned after 5 s")


# %%
def run(work, name, *more, **fault):
    tell(name, lab.run(work, r, world, name, *more, name=name, **fault))


# %%
@contextmanager
def standing_still(work, *more):
    slow = lab.worker(work, r, world, "worker 1", *more, name="worker 1", fault="hold before charge")
    slow.wait_held()
    yield
    slow.release()
    tell("worker 1", slow.finish())


# %% [markdown]
# `worker 1` takes the deposit and stands still. Meanwhile `worker 2` works until the queue is empty.
#
# **Predict first**: in which order does the provider see the three charges? Write three names.

# %%
predict(
    "17.p1",
    ### BEGIN SOLUTION
    "balance", "shipping", "deposit",
    ### END SOLUTION
)

# %% tags=["talk:out-of-order-jobs"]
lab.again()
queue_all(7)
with standing_still(work):
    run(work, "worker 2")
happened("17.p1", *[charged.split()[-1] for charged in world.charges()])

# %% [markdown]
# The history of this experiment has it in two lists, each in the order of what happened: what Redis handed out (`BLMOVE` is
# the command behind `take`), and what the provider booked.

# %%
def as_it_happened(records, *operations):
    """Who did what to which job, first to last."""
    return [f"{e['what']:6}  {e['who']}  {e['id']}" for e in records if e["phase"] == "end" and e["what"] in operations]


# %% tags=["figure"]
records = lab.history.records()
steps = as_it_happened(records, "BLMOVE") + as_it_happened(records, "charge")
print("\n".join(steps))
figures.timeline(
    records, "Taken in order, charged out of order", only=["BLMOVE", "charge"],
    alt="Timeline of two workers. Taken and charged, in this order: " + "; ".join(" ".join(step.split()) for step in steps),
)

# %% [markdown]
# Nothing failed here. Redis handed out the jobs in their order, each was charged once, and the order is wrong all the
# same. **A queue orders the taking, not the doing.** As soon as two workers hold a job each, nobody decides who is done first.
#
# ## A delay is a guess
#
# The first idea is often to queue the second job a little later. A job with a due time waits in a sorted set and is moved
# to `jobs` when its time has come (lab 13 builds this for retries). Here the balance is due one second after the deposit:

# %%
lab.again()
enqueue(r, "deposit", {"order": 7}, "order 7:1")
r.zadd("scheduled", {job("balance", {"order": 7}, "order 7:2"): 1.0})

# %% [markdown]
# `worker 1` stands before the deposit's charge again. Meanwhile the second has passed, and what is due by then is moved:

# %%
with standing_still(work):
    for raw in r.zrangebyscore("scheduled", 0, 1.0):
        r.zrem("scheduled", raw)
        r.lpush("jobs", raw)
    run(work, "worker 2")
world.charges()

# %% [markdown]
# The delay says how long the deposit takes at most. Nobody knows that: not with a provider that is slow, not with a queue
# that is long, not with a worker that has to be replaced first. A longer delay makes the mistake rarer, and every order
# slower.
#
# ## One worker is no order either
#
# Then a queue with a single worker? It does one job after the other. But a job can fail, and a failed job is tried again
# *later*: here it goes to the end of the line. `refused` says whether the provider is down at this job:

# %%
def try_one(r, world, raw, refused):
    if refused:
        r.lpush("jobs", raw)
    else:
        charge(world, json.loads(raw))


# %%
def work_with_retries(r, world, worker, refusals):
    for refused in refusals:
        raw = take(r, worker)
        try_one(r, world, raw, refused)
        finish(r, worker, raw)


# %% [markdown]
# **Predict first**: the three jobs of order 7 wait, there is one worker, and the first *two* charges are refused. In which
# order does the provider book the three? Write three names.

# %%
predict(
    "17.p2",
    ### BEGIN SOLUTION
    "shipping", "deposit", "balance",
    ### END SOLUTION
)

# %%
lab.again()
queue_all(7)
refusals = [True, True, False, False, False]
run(work_with_retries, "worker 1", refusals)
happened("17.p2", *[charged.split()[-1] for charged in world.charges()])

# %% [markdown]
# Retries reorder by design: the alternative is a worker that stands at the refused job until the provider is back, and
# with it every other order of the shop. That is also the other price of the single worker. Order 8 has nothing to do with
# order 7, and would wait for it.
#
# ## Queue sequentially
#
# Each of the three tries had all its jobs in the system at once, and hoped that some of them would wait. Turn it round: **as
# long as the deposit is not done, there is no job for the balance.** What is not queued can't be taken too early, by however
# many workers, and whatever is retried.
#
# Then somebody has to queue the balance later, and the only one who knows when is the worker that did the deposit. So each
# job carries the names of the steps that come after it. Together they are a *chain*. The checkout queues its first job:

# %% tags=["teaches"]
def chain(order, steps):
    """The first job of an order's chain. It carries the names of the steps that come after it."""
    return job(steps[0], {"order": order, "then": steps[1:]}, f"order {order}:1")


# %%
chain(7, STEPS)

# %% [markdown]
# And this is the job after it: the next name, and what is left of the list. After the last step there is none. The id of
# the new job is up to whoever makes it; here it is a random one:

# %% tags=["teaches"]
def follow_up(raw, id):
    """The job that comes after `raw` in its chain, under this id; None when `raw` is the last step."""
    args = json.loads(raw)["args"]
    if not args["then"]:
        return None
    name, *then = args["then"]
    return job(name, {**args, "then": then}, id)


# %%
second = follow_up(chain(7, STEPS), uuid4().hex)
third = follow_up(second, uuid4().hex)
json.loads(second)["args"], json.loads(third)["args"], follow_up(third, uuid4().hex)

# %% [markdown]
# A worker now calls a function for each job that it took. The function does the job with `do`, queues the follow-up, and
# finishes. The first version gets the formalities out of the way and then does the work:

# %%
def formalities_first(r, worker, raw, do):
    after = follow_up(raw, uuid4().hex)
    if after:
        r.lpush("jobs", after)
    do(json.loads(raw))
    finish(r, worker, raw)


# %%
judge("17.1", formalities_first, expect="reordered")

# %% [markdown]
# Read the verdict: it is the run from above. The balance was in the queue before the deposit was charged, and one worker
# that stood still was enough.
#
# ### Exercise 17.1: step
#
# Write `step(r, worker, raw, do)`. `worker` has taken the job `raw` (bytes) and holds it in its list. `step` does this one
# job by calling `do` with the job as a dict; it puts the next job of the chain, if there is one, into `jobs`; and the job that was
# done leaves the worker's list. `follow_up` and `finish` are there to be used. What must hold:
#
# - Within an order, a step is not queued until the one before it is done.
# - When `do` raises, the job was not done: nothing is queued, the job stays in the worker's list, and the exception comes
#   out of `step`, so that whoever called it can decide about a retry.
#   A job that comes back like this is done as if it came for the first time.
# - Different orders don't wait for each other. Other orders may have other steps, and more or fewer of them: `then` says which.
#   Within an order no two steps have the same name.
# - Each job has an id that no other job has: the provider takes it for the key.
#
# Nobody is killed in this exercise. `hint("17.1")` to `hint("17.1", 3)` help; `reveal("17.1")` prints one possible answer.

# %% tags=["teaches"]
@exercise("17.1")
def step(r, worker, raw, do):
    """Do the job `raw` that `worker` holds: `do` gets it as a dict; then its follow-up is queued."""
    ### BEGIN SOLUTION
    do(json.loads(raw))
    after = follow_up(raw, uuid4().hex)
    if after is not None:
        r.lpush("jobs", after)
    finish(r, worker, raw)
    ### END SOLUTION


# %%
step = check("17.1")

# %% [markdown]
# Look at it with one call. The checkout queues the chain of order 7, a worker does its first job, and then the queue holds:

# %% tags=["talk:first-job-queues-follow-up"]
lab.again()
r.lpush("jobs", chain(7, STEPS))
step(r, "worker 1", take(r, "worker 1"), lambda job: charge(world, job))
world.charges(), [json.loads(raw)["name"] for raw in r.lrange("jobs", 0, -1)]

# %% [markdown]
# ## In order, and side by side
#
# The same two workers as at the start, now with `step`:

# %%
def work_steps(r, world, worker, step):
    while r.llen("jobs"):
        step(r, worker, take(r, worker), lambda job: charge(world, job))


# %% [markdown]
# And two orders. `worker 1` takes the deposit of order 7 and stands still before its charge; `worker 2` works until the queue
# is empty. The first line shows what is booked while `worker 1` stands still:

# %% tags=["talk:queue-sequentially"]
lab.again()
r.lpush("jobs", chain(7, STEPS), chain(8, STEPS))
with standing_still(work_steps, step):
    run(work_steps, "worker 2", step)
    print("meanwhile", world.charges())
print("and then ", world.charges()[3:])

# %% [markdown]
# Order 8 went through at once: it has nothing to do with order 7. Of order 7 there was nothing in the queue that `worker 2`
# could have taken too early. There is no lock in this, no sorting and no waiting. Each order is a sequence of its own because
# it never has more than one job, and as many orders run side by side as there are workers.
#
# ## The chain in a crash
#
# A job now does two things to the shop: its effect, and the follow-up. Lab 15 had a moment between effect and
# acknowledgement; here are two such moments. This is a `step` that passes 17.1:

# %%
def with_new_ids(r, worker, raw, do):
    do(json.loads(raw))
    after = follow_up(raw, uuid4().hex)
    if after:
        r.lpush("jobs", after)
    finish(r, worker, raw)


# %% [markdown]
# `worker 1` is killed right before the `LREM` of its first `finish`: the deposit is charged, the balance is queued. The
# deposit's job is still in the dead worker's list. Nobody renews a lease in this lab, so `recover` gives it back at once, and
# `worker 2` does whatever there is.
#
# **Predict first**: how often is the card charged the deposit, and how often the balance? Write two numbers.

# %%
predict(
    "17.p3",
    ### BEGIN SOLUTION
    1, 2,
    ### END SOLUTION
)

# %%
lab.again()
r.lpush("jobs", chain(7, STEPS))
run(work_steps, "worker 1", with_new_ids, fault="kill before LREM")
print("given back:", Leases(r, 200).recover())
run(work_steps, "worker 2", with_new_ids)
happened("17.p3", *[world.charges().count(f"order 7 {name}") for name in ("deposit", "balance")])

# %% [markdown]
# The deposit was done twice and charged once: the same job, the same id, the same key. The balance was charged twice, and
# the provider could not know better: two jobs with two ids are two charges. The whole rest of the chain runs twice. `judge`
# looks at every crash point, not only this one:

# %%
judge("17.2", with_new_ids, expect="duplicated")

# %% [markdown]
# And if `finish` came before the follow-up? Then a worker that dies between the two leaves an order that is paid by a third,
# and no job anywhere that leads on. It is the choice of lab 15, one level up: finish first, and the chain can be *lost*;
# finish last, and it can be *doubled*. **But this time you can avoid both.** A follow-up is no effect outside: it goes into
# your own queue, and there you decide what the queue accepts.
#
# ### Exercise 17.2: step_once
#
# Write `step_once(r, worker, raw, do)`: as `step`, and complete and single at every crash point. What must hold when the
# worker is killed before or after any operation (the effect, the queueing of the follow-up, the acknowledgement, and
# whatever else you do), and its job is then given back, at once or a day later:
#
# - *Complete*: each step of each chain is done.
# - *Single*: each follow-up is in the queue once, also when it is done already by the time the step before it is repeated.
#   Each step is charged once. `do` charges with the job's id as the key, as above.
# - Within an order the effects come in order, and in the end no list holds a job.
# - Nobody waits for the dead worker: not another order, and not the one who takes its job over.
#
# The same holds for a worker that is not dead but late: it stands still at any point, for a moment or for a day. Its job is
# given to another worker, which does all the rest, and then it goes on (a zombie, lab 15). Its call of `step_once` then returns,
# and raises nothing.
#
# What about a key in Redis that ends by itself (`EX`)? For a job that comes back at once the check lets no key end, however
# short its time; for one that comes back a day later it lets almost a day pass for every key.
#
# `follow_up(raw, id)` makes the job; which id it gets is up to you. The check gives each worker that it kills an order of
# its own: worker 3 dies at order 3.

# %% tags=["teaches"]
@exercise("17.2")
def step_once(r, worker, raw, do):
    """Do the job `raw` that `worker` holds and queue its follow-up: complete and single wherever the worker dies."""
    ### BEGIN SOLUTION
    this = json.loads(raw)
    do(this)
    order, number = this["id"].rsplit(":", 1)
    after = follow_up(raw, f"{order}:{int(number) + 1}")
    if after is not None:
        enqueue_once(r, after)
    finish(r, worker, raw)
    ### END SOLUTION


# %%
step_once = check("17.2")

# %% [markdown]
# ## All of it together
#
# Two orders. `worker 1` is killed right after its third charge, with the balance of order 7 charged and nothing queued:

# %%
lab.again()
r.lpush("jobs", chain(7, STEPS), chain(8, STEPS))
run(work_steps, "worker 1", step_once, fault="kill after charge 3")
world.charges()

# %% [markdown]
# Its job is given back, and `worker 2` does the rest.

# %%
Leases(r, 200).recover()
run(work_steps, "worker 2", step_once)
world.charges(), r.llen("jobs")

# %% [markdown]
# A charge whose key the provider knows already is answered and not booked: it is called *known* here.

# %%
def name_the_known(records):
    """The records; a charge that another worker sent before is called "known"."""
    senders = {}
    for e in records:
        if e["what"] == "charge" and senders.setdefault(e.get("id"), e["who"]) != e["who"]:
            e["what"] = "known"
    return records


# %% tags=["figure"]
records = name_the_known(lab.history.records())
steps = as_it_happened(records, "charge", "known")
print("\n".join(steps))
figures.timeline(
    records, "A balance that is sent twice and booked once", only=["charge", "known"],
    alt="Timeline of charges. Worker 1 is killed after its third: " + "; ".join(" ".join(step.split()) for step in steps),
)

# %% [markdown]
# Seven charges were sent, six were booked: both orders complete, each in its order, each step once. You did not get there
# with one clever command: a step that was cut short is repeated (lab 15), its effect is known by its key (lab 16), its
# follow-up is known by its id (lab 16 again), and the order is in the chain.
#
# ## What the real ones do
#
# None of Sidekiq, Resque, RQ, Celery, Dramatiq and Huey promises an order between jobs once there are several workers. Some of
# them queue the follow-up for you. **Celery**'s `chain` sends the remaining tasks along in the message, as you do; their
# ids are given when the chain is sent. The worker sends the next task after its own. By default it has acknowledged the
# message before. (The id here is made from the one before it, which comes to the same.)

# %% tags=["system:celery"]
def celery_chain(r, worker, raw, do):
    finish(r, worker, raw)
    do(json.loads(raw))
    after = follow_up(raw, json.loads(raw)["id"] + "'")
    if after:
        r.lpush("jobs", after)


# %%
judge("17.2", celery_chain, expect="lost")

# %% [markdown]
# **Dramatiq**'s pipeline has the next message inside the one before it, too. It is queued after the work and before the
# acknowledgement, with the id that it was made with, and nobody looks whether it was queued before. Celery with `acks_late`
# does it in the same order:

# %% tags=["system:dramatiq"]
def dramatiq_pipeline(r, worker, raw, do):
    do(json.loads(raw))
    after = follow_up(raw, json.loads(raw)["id"] + "'")
    if after:
        r.lpush("jobs", after)
    finish(r, worker, raw)


# %%
judge("17.2", dramatiq_pipeline, expect="duplicated")

# %% [markdown]
# Nothing is lost with it, and because the ids are fixed, a job that is idempotent by its id bears it: the verdict says *in
# the queue*, not *done*. But the follow-up is there twice, and each copy brings a follow-up of its own.
#
# | system | what queues the follow-up | killed in between |
# |---|---|---|
# | Celery `chain` | the worker, after the task | by default the chain ends there; with `acks_late` (and `task_reject_on_worker_lost`) the follow-up can be queued twice, under the same id |
# | Dramatiq pipeline | the worker, after the actor and before the acknowledgement | queued twice, under the same id |
# | RQ `depends_on` | the dependent job exists from the start and waits outside the queue; it is queued in the transaction that marks its predecessor as done | both or neither; with neither the job is filed as failed, and the chain stands still |
# | Sidekiq, Resque | you, in the last line of the job | the job is lost, or filed as failed (lab 15), and its chain with it |
#
# ## When to choose this
#
# First ask whether you need the order. An effect that gives the same result in any order needs no chain: set the state
# instead of changing it, and let a version number tell which state is newer. Choose the chain where a step makes no
# sense without the one before it.
#
# The chain has its price. A step that ends in the dead set (where lab 13 puts a job that failed too often) stops its order, and
# nothing in the queue shows what is not there: the balance and the shipping are only names inside one dead job. Watch the dead
# set, and queue *that* job again (a *redrive*): the chain goes on by itself. The memory of `enqueue_once` (its `keep`, a week) must last longer than a step
# can come late, a redrive after the holidays included. And a chain fixes its steps when it begins; where jobs for one order
# come from many places, a log with the order's id as its key is the better tool.

# %%
score()

# %% [markdown]
# ## Recall
#
# 1. What does a queue keep in order, and what not?
# 2. Two ways in which the second job of an order can be done first: which one needs only one worker?
# 3. Why is a delay no order?
# 4. What must be true of the queue as long as a step is not done?
# 5. Why do different orders not wait for each other here, though there is no lock?
# 6. At which moment must a worker die to double the rest of a chain, at which to lose it?
# 7. Why does a random id for the follow-up defeat the idempotency key of the provider?
# 8. A step is repeated when its follow-up is done already. What keeps the follow-up from being queued again?
# 9. What does a chain look like whose second step has landed in the dead set?
