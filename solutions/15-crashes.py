# %% [markdown]
# # 15 · Crashes: a job that survives its worker
#
# **You build** a queue on Redis that loses no job when a worker is killed, at whatever moment: taking a job, finishing
# it, and giving back what a dead worker held.
#
# **Time** 55 minutes. **You need** Redis (running), and what lab 11 is about: a queue is a list, a worker takes from it.
# If you come here first, the recap is enough.
#
# **From the talk** *no exactly-once delivery* and *at least once or at most once*: the two points that every other
# pattern in this workbook rests on.
#
# <!-- budget: cells 68, because three exercises, three predictions and the five real systems each need their own cell -->

# %% [markdown]
# ## Recap
#
# 1. A *job* is a unit of work to be done later. Ours is a short text, `order 7`, and its id at the same time.
# 2. The checkout pushes jobs on the left of the Redis list `jobs`; workers take them from the right, oldest first.
# 3. A *worker* is a process of its own: take a job, do it, *acknowledge* it (say that it is done).
# 4. Doing a job has an *effect* outside: here the card of a customer is charged. What is charged stays charged.
# 5. A process can die at every moment: out of memory, a deployment, a power cut. Nobody asks it first.

# %%
import redis

from workbook import check, exercise, figures, happened, hint, judge, open_lab, predict, reveal, score
from workbook.proxy import lost_reply

lab = open_lab("15")
r, world = lab.redis, lab.world

# %% [markdown]
# `lab.redis` is an ordinary `redis.Redis` client on an empty database that belongs to this notebook alone.
# `lab.world` is the outside world: it charges cards and never forgets. Five orders come in.

# %%
r.lpush("jobs", *[f"order {n}" for n in range(1, 6)])
r.lrange("jobs", 0, -1)

# %% [markdown]
# The oldest job, `order 1`, stands on the right. `BRPOP` takes from the right and waits up to `timeout` seconds when the
# list is empty. That looks like all a worker needs:

# %%
def naive_take(r, worker, timeout=1):
    popped = r.brpop("jobs", timeout)
    return popped and popped[1]


naive_take(r, "worker 1"), r.llen("jobs")

# %% [markdown]
# One job taken, four left. `judge` runs this function in worker processes, on the real Redis, and looks where every job
# is afterwards. Read its verdict from the top: what was seen, the *witness* (what happened to one job, in order), and the
# property that must hold.

# %%
judge("15.1", naive_take, expect="lost")

# %% [markdown]
# `order 1` is in no list any more. As long as the worker lives, it is in the worker's memory. If the worker dies now, no
# trace of it is left, and nobody will ever miss it but the customer.
#
# ## Acknowledge first, or last?
#
# Before you mend it, look at what can be won at all. A worker does two things with a job: it has the *effect* and it
# *acknowledges*. Only the order is its choice. Acknowledge first:

# %%
def acknowledge_first(r, world):
    raw = r.rpop("jobs")  # gone from the queue: nobody will do it again
    world.charge(raw.decode(), 4900)


# %% [markdown]
# Or last. `LINDEX` reads the job and leaves it in the list; `LREM` removes it afterwards. (With two workers both would
# read the same job. That is the next section; here one worker runs at a time.)

# %%
def acknowledge_last(r, world):
    raw = r.lindex("jobs", -1)
    world.charge(raw.decode(), 4900)
    r.lrem("jobs", -1, raw)


# %% [markdown]
# Now the experiment. One order waits. A worker is killed with SIGKILL, exactly before or exactly after its charge: the
# fault is injected inside the worker process, the function above is not touched. Then a second worker does whatever is
# still in the queue. How often was the card charged?

# %%
def charges_after(work, fault):
    lab.again()
    r.lpush("jobs", "order 7")
    lab.run(work, r, world, fault=fault, name="killed")
    while r.llen("jobs"):
        lab.run(work, r, world, name="next")
    return len(world.charges())


# %% [markdown]
# **Predict first.** Put in four numbers, in this order: acknowledge first and killed before the charge; acknowledge first
# and killed after it; acknowledge last, killed before; acknowledge last, killed after.

# %%
predict(
    "15.p1",
    ### BEGIN SOLUTION
    0, 1, 1, 2,
    ### END SOLUTION
)

# %% tags=["talk:at-least-or-at-most"]
table = {}
for work in (acknowledge_first, acknowledge_last):
    for fault in ("kill before charge", "kill after charge"):
        table[work.__name__, fault] = charges_after(work, fault)
print("charges             killed before  killed after")
for name in ("acknowledge_first", "acknowledge_last"):
    print(f"{name:18} {table[name, 'kill before charge']:10} {table[name, 'kill after charge']:13}")
happened("15.p1", *table.values())

# %% [markdown]
# That is the whole choice. Who acknowledges first gets *at most once*: 0 or 1, never 2. Who acknowledges last gets *at
# least once*: 1 or 2, never 0. The history of the last run shows why nothing better is to be had: the charge happened, the
# acknowledgement did not, and the second worker cannot see the difference.

# %% tags=["figure", "talk:no-exactly-once"]
two = figures.timeline(
    lab.history.records(),
    title="Acknowledge last, killed after the charge: charged twice",
    only=["LINDEX", "charge", "LREM"],
    lanes=["killed", "next"],
)
print(two.table())
two

# %% [markdown]
# **There is no third row with a 1 in both columns.** Between the effect and the acknowledgement there is always a moment,
# and a process can die in it. No broker and no library can close it, because the effect is outside. What can be had is *at
# least once*, and effects that do no harm the second time: that is lab 16. From here on you build the first half, at least
# once, so that no job is ever lost.
#
# ## In one list or the other, at every moment
#
# `acknowledge_last` keeps the job in the queue while it is being done, so a second worker would do it too. The way out is
# as old as the Redis documentation's *reliable queue*: a second list for each worker, holding what it has taken.
# `BLMOVE` moves a job from one list to the other in a single command, and Redis runs commands one after another: there is
# no moment in which the job is in neither list or in both.

# %% tags=["system:redis"]
lab.again()
r.lpush("jobs", "order 1", "order 2")
moved = r.blmove("jobs", "processing:worker 1", 1, "RIGHT", "LEFT")
moved, r.lrange("jobs", 0, -1), r.lrange("processing:worker 1", 0, -1)

# %% [markdown]
# The price is in its signature: *one* source. `BRPOP` can wait on several queues at once, urgent ones first, and then
# the job is nowhere. `BLMOVE` refuses:

# %%
try:
    r.execute_command("BLMOVE", "urgent", "jobs", "processing:worker 1", "RIGHT", "LEFT", 1)
except redis.ResponseError as refused:
    print(refused)

# %% [markdown]
# Blocking, several queues, reliable: one command gives you two of the three. This is why RQ uses the reliable move only
# when its worker listens to exactly one queue, and pops without a net when there are more.
#
# ## The reply that got lost
#
# A process that dies is not the only fault. The request reaches Redis, Redis carries it out, and the connection breaks
# before the reply arrives. The client does not know. redis-py (8.1 here; up to ten times, by default) then does what many
# clients do: it connects again and sends the command a second time. `lost_reply` is a proxy that swallows exactly one reply.

# %%
lab.again()
with lost_reply("redis", lose="LPUSH") as proxy:
    client = redis.Redis(**{**lab.redis_at, "host": proxy.host, "port": proxy.port})
    client.lpush("jobs", "order 8")
r.lrange("jobs", 0, -1)

# %% [markdown]
# One call, which returned normally, and the order is in the queue twice. (How to enqueue so that this does no harm is
# exercise 16.3.) The same can happen to `BLMOVE`. Three orders wait; a worker takes one, and the first reply is lost.
#
# **Predict first**: which order does `blmove` return, and how many orders are then in the worker's list?

# %%
predict(
    "15.p2",
    ### BEGIN SOLUTION
    "order 2", 2,
    ### END SOLUTION
)

# %%
lab.again()
r.lpush("jobs", "order 1", "order 2", "order 3")
with lost_reply("redis", lose="BLMOVE") as proxy:
    client = redis.Redis(**{**lab.redis_at, "host": proxy.host, "port": proxy.port})
    returned = client.blmove("jobs", "processing:worker 1", 1, "RIGHT", "LEFT")
happened("15.p2", returned.decode(), r.llen("processing:worker 1"))

# %% [markdown]
# The worker knows of `order 2` and holds `order 1` as well. `order 1` is not lost, but it is *stuck*: it waits in the list
# of a worker that is alive and does not know that it has it.
#
# ### Exercise 15.1: take
#
# Write `take`. It returns the next job for `worker`, as Redis gives it (bytes), or `None` when none came within `timeout`
# seconds. From the push to the finish each job must be in `jobs` or in `processing:<worker>`, also when the worker is
# killed before or after any command; and a job that is in the worker's own list because of a lost reply must be found
# again by the next call, before anything new. Oldest first.
#
# A worker here finishes one job before it takes the next, and its name belongs to one process at a time. So whatever stands
# in its own list when it calls `take` is a job that it does not know of.
#
# If you are stuck: `hint("15.1")`, `hint("15.1", 2)`; `reveal("15.1")` prints one possible answer and counts the exercise
# as seen, not as solved. The lab always goes on, with the workbook's own `take` if need be.

# %% tags=["teaches"]
@exercise("15.1")
def take(r, worker, timeout=1):
    """Take the next job for `worker`: bytes, or None when none came within `timeout` seconds.

    Jobs wait in the list `jobs`, oldest on the right; a job that is taken stands in the list `processing:<worker>`.
    """
    ### BEGIN SOLUTION
    mine = f"processing:{worker}"
    held = r.lindex(mine, -1)
    if held is not None:
        return held
    return r.blmove("jobs", mine, timeout, "RIGHT", "LEFT")
    ### END SOLUTION


# %%
take = check("15.1")

# %% [markdown]
# ## Finished, and only what is still yours
#
# When a job is done it must leave the worker's list: exactly that job, not its neighbours. And the worker must learn
# whether it still had it. It may have been silent for so long that the job was given to somebody else, as you will see
# below. Then its finish must change nothing, and say so.
#
# ### Exercise 15.2: finish
#
# Write `finish`. It removes `raw` once from the worker's list and returns `True`; it returns `False`, and changes
# nothing, when this worker did not hold it (any more). A worker may hold several jobs here: others build on your functions.
#
# (A lost reply can make `finish` say `False` though it removed the job: the client asks again, and the second `LREM` finds
# nothing. That is a false alarm and does no harm. `True` never lies.)

# %% tags=["teaches"]
@exercise("15.2")
def finish(r, worker, raw):
    """Acknowledge the job `raw` of `worker`: True if this call removed it from the worker's list, else False."""
    ### BEGIN SOLUTION
    return r.lrem(f"processing:{worker}", 1, raw) == 1
    ### END SOLUTION


# %%
finish = check("15.2")

# %% [markdown]
# ## Dead or slow?
#
# A worker is killed with a job in its list. The job is safe there, and nobody does it. Somebody has to put it back into
# `jobs`. The obvious way: look through all lists and put back whatever is in them.

# %%
class PutBackEverything:
    def __init__(self, r, milliseconds):
        self.r = r

    def renew(self, worker):
        self.r.set(f"lease:{worker}", "alive")

    def recover(self):
        keys = list(self.r.scan_iter("processing:*"))
        return sum(self.r.rpoplpush(key, "jobs") is not None for key in keys)


# %% [markdown]
# A slow worker also has a job in its list, and from outside the two look the same. Here `worker 1` takes `order 1` and
# is *frozen* right before its charge (SIGSTOP; a long garbage collection or a suspended virtual machine look like this).
# Everything is put back, `worker 2` does the order, and then `worker 1` is thawed and goes on as if nothing had happened.
#
# **Predict first**: how often is the card charged, and what does `finish` return to `worker 1`, `True` or `False`?

# %%
predict(
    "15.p3",
    ### BEGIN SOLUTION
    2, False,
    ### END SOLUTION
)

# %%
def work_once(r, world, worker, take, finish):
    raw = take(r, worker)
    world.charge(raw.decode(), 4900)
    return finish(r, worker, raw)


# %%
lab.again()
r.lpush("jobs", "order 1")
slow = lab.worker(work_once, r, world, "worker 1", take, finish, name="worker 1", fault="pause before charge")
slow.wait_paused()
PutBackEverything(r, 0).recover()

# %% [markdown]
# `worker 1` stands still and its order is back in `jobs`. Now `worker 2` takes it, and `worker 1` wakes up.

# %%
lab.run(work_once, r, world, "worker 2", take, finish, name="worker 2")
slow.resume()
told = slow.finish().value
happened("15.p3", len(world.charges()), told)

# %% [markdown]
# `finish` told the truth: the job was not `worker 1`'s any more. But the card was charged twice, for no reason but
# impatience: nobody had died. Such a worker is called a *zombie*, and you cannot prevent it, you can only make it rare.
#
# So *dead* needs a definition that can be checked, and there is only one: **silent for longer than agreed**. A worker
# renews a *lease*, a promise with an end, for as long as it works. Redis keeps the time: a key with an expiry disappears
# by itself when nobody renews it. `SET … PX` sets a key with its expiry in milliseconds:

# %%
r.set("lease:worker 9", "alive", px=60_000)
r.exists("lease:worker 9"), r.pttl("lease:worker 9") > 50_000, r.pttl("lease:worker 8")

# %% [markdown]
# −2 is Redis's way to say that there is no such key: `worker 8` has no lease, it is dead by our definition. Judge the
# impatient version by the check of the next exercise:

# %%
judge("15.3", PutBackEverything, expect="robbed")

# %% [markdown]
# ### Exercise 15.3: leases
#
# Write `renew` and `recover`. A lease lasts `milliseconds` from its last renewal. `recover` gives back to `jobs` what the
# silent workers hold, so that it comes next and in its old order, and returns how many jobs it gave back. It may itself be
# killed at any moment, and two of them may run at once: at every moment each job is in one list.
#
# A list `processing:<worker>` exists as long as something is in it; `r.scan_iter("processing:*")` yields the names of all
# of them, as bytes.

# %% tags=["teaches"]
@exercise("15.3")
class Leases:
    """Who is alive, and what the others held. A lease ends `milliseconds` after its last renewal."""

    def __init__(self, r, milliseconds):
        self.r, self.milliseconds = r, milliseconds

    def renew(self, worker):
        """Say that `worker` lives: its lease now ends `milliseconds` from now."""
        ### BEGIN SOLUTION
        self.r.set(f"lease:{worker}", "alive", px=self.milliseconds)
        ### END SOLUTION

    def recover(self):
        """Give back to `jobs` what workers without a lease hold, to be taken next; returns how many jobs."""
        ### BEGIN SOLUTION
        back = 0
        for mine in self.r.scan_iter("processing:*"):
            worker = mine.decode().removeprefix("processing:")
            if self.r.exists(f"lease:{worker}"):
                continue
            while self.r.lmove(mine, "jobs", "LEFT", "RIGHT") is not None:
                back += 1
        return back
        ### END SOLUTION


# %%
Leases = check("15.3")

# %% [markdown]
# ## All of it together
#
# The worker's loop, with what you built: renew, take, do, finish. It ends when no job is left.

# %% tags=["teaches"]
def work(r, world, worker, take, finish, leases):
    """The loop of a worker: renew the lease, take a job, do it, finish it; until no job comes."""
    leases = leases(r, milliseconds=200)
    leases.renew(worker)
    while (raw := take(r, worker, timeout=0.1)) is not None:
        world.charge(raw.decode(), 4900)
        finish(r, worker, raw)
        leases.renew(worker)


# %% [markdown]
# Five orders. `worker 1` is killed right before its third charge. Its lease of 200 ms runs out, `recover` gives the order
# back, and `worker 2` does the rest.

# %%
lab.again()
r.lpush("jobs", *[f"order {n}" for n in range(1, 6)])
mine = (take, finish, Leases)
lab.run(work, r, world, "worker 1", *mine, name="worker 1", fault="kill before charge 3")
print("charged", world.charges(), "held", r.lrange("processing:worker 1", 0, -1))

# %%
lab.until(lambda: Leases(r, 200).recover())  # as soon as the lease of worker 1 has run out
lab.run(work, r, world, "worker 2", *mine, name="worker 2")
print("charged", world.charges(), "left", r.llen("jobs"))

# %% tags=["figure"]
story = figures.timeline(
    lab.history.records(),
    title="worker 1 dies holding order 3; worker 2 gets it",
    only=["charge", "LREM"],
    lanes=["worker 1", "worker 2"],
)
print(story.table())
story

# %% [markdown]
# Every order is charged once, though a worker was killed in the middle. Killed a moment later, `order 3` would have been
# charged twice: at least once, as promised, and no more than that.
#
# ## What the real ones do
#
# **Sidekiq** (its open-source fetch) takes with `BRPOP`, and its acknowledge does nothing. A killed process loses what its
# threads were working on; on a deployment's SIGTERM it pushes unfinished jobs back itself. **Resque** pops with `LPOP` and
# then writes down in a second command what the worker is at (its jobs come in on the other side, so here it pops on the
# right). Both run here as the check of exercise 15.1 sees them:

# %% tags=["system:sidekiq"]
def sidekiq_fetch(r, worker, timeout=1):
    popped = r.brpop(["jobs"], timeout)
    return popped and popped[1]


judge("15.1", sidekiq_fetch, expect="lost")

# %% tags=["system:resque"]
def resque_reserve(r, worker, timeout=1):
    raw = r.rpop("jobs")
    if raw is not None:
        r.set(f"worker:{worker}", raw)
    return raw


judge("15.1", resque_reserve, expect="lost")

# %% [markdown]
# | system | takes with | a worker killed with SIGKILL |
# |---|---|---|
# | Resque | `LPOP`, then a note of what it is at | between the two commands: lost, as above; later: another worker notices the missing heartbeat and files the job as *failed* |
# | Sidekiq | `BRPOP` | the job is lost; the paid edition keeps a list of its own for each process, as you do |
# | RQ | `LMOVE` to an intermediate list with one queue, a pop with several | failed, or retried if retries are left, when its lease has run out |
# | Celery on Redis | `BRPOP`, then a note in *unacked* | by default acknowledged right before it runs, so lost; with `acks_late` given back after the visibility timeout, an hour by default |
# | Dramatiq | one Lua script: pop and note in one step | given back after 60 s without a heartbeat |
#
# Your queue gives what Dramatiq's gives. The table also shows what to ask of any job library: *with which command does it
# take, and who notices when it dies?*
#
# ## The same with a Redis Stream
#
# A stream with a *consumer group* has your per-worker list built in: the *pending entries*. `XREADGROUP` hands out an
# entry and notes who has it, `XACK` acknowledges.

# %%
lab.again()
r.xgroup_create("orders", "workers", id="0", mkstream=True)
r.xadd("orders", {"order": 1}, id="1-0")
r.xreadgroup("workers", "worker 1", {"orders": ">"}, count=1)

# %% [markdown]
# `XAUTOCLAIM` is `recover`: it gives an entry that has been pending for longer than `min_idle_time` to the caller. That
# is a time since the *delivery*. Nobody renews anything, so it cannot tell a slow worker from a dead one. `worker 1` is
# alive and still at it:

# %%
claimed = r.xautoclaim("orders", "workers", "worker 2", min_idle_time=0)
claimed[1]

# %% [markdown]
# `worker 2` has the order now, and `worker 1` does not know. Both do it, and then both acknowledge. Your `finish` told the
# zombie that it was late; `XACK` counts whoever comes first, whoever holds it:

# %%
print("worker 1 acknowledges:", r.xack("orders", "workers", "1-0"))
print("worker 2 acknowledges:", r.xack("orders", "workers", "1-0"))

# %% [markdown]
# So a slow worker on a stream must claim its own entry again and again (`XCLAIM … JUSTID` resets the idle time): a
# renewal by another name.
#
# ## When to choose this
#
# Choose at most once where a repeat is worse than a gap: a push message "your parcel is two streets away". Choose at least
# once for everything a customer would miss, and make the effect harmless the second time (lab 16). Choose the lease with
# care: too short, and slow workers are robbed; too long, and a dead worker's jobs wait. Where the work is long, renew
# while working (lab 18), do not raise the lease.

# %%
score()

# %% [markdown]
# ## Recall
#
# 1. Which two numbers can at most once give, which two at least once? What decides between them?
# 2. Why can no queue offer exactly once for a charge?
# 3. Why is `BRPOP` followed by `LPUSH` not the same as `BLMOVE`?
# 4. A reply got lost. What does the client know about what the server did, and what can asking again do?
# 5. What does *dead* mean, in a form that can be checked?
# 6. What is a zombie, and which return value tells it that it is one?
# 7. Why must a renewal move the end of the lease, also when the lease still runs?
# 8. What does `XAUTOCLAIM` measure, and whom can it rob?
