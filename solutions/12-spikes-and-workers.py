# %% [markdown]
# # 12 · Spikes and workers: a queue on Black Friday
#
# **You build** the two things that a queue needs before a busy day: an enqueue that refuses what there is no room for,
# instead of dropping what it promised; and an honest count of what is left to do.
#
# **Time** 45 minutes. **You need** Redis (running), and lab 11: a job is JSON, a worker takes it from the list `jobs`. If
# you come here first, the recap is enough.
#
# **From the talk** a queue makes the shop *spikeable*: it takes in more than it can do at the moment. It *distributes the
# workload*, to whoever is free. And it *parallelizes*: two workers do twice as much, as long as what they share has room.
#
# <!-- budget: cells 79, because two exercises, four predictions, the spike, the workers, the memory and the count each need cells -->

# %% [markdown]
# ## Recap
#
# 1. A job is JSON with an `id`, a `name` and `args`. The checkout pushes it on the left of the Redis list `jobs`.
# 2. A *worker* is a process of its own. It takes jobs from the right, the oldest first, until none is left.
# 3. The customer waits for the push, not for the job.
# 4. Redis runs commands one after another: inside a command there is nobody else, between two commands there may be.
# 5. What a worker has in hand stands, from lab 15 on, in a list of its own: `processing:<worker>`.

# %%
import json
import time

import redis

from workbook import check, exercise, figures, happened, judge, open_lab, predict, score
from workbook.proxy import lost_reply
from workbook.taught.lab11 import impatient, job

lab = open_lab("12")
r, world = lab.redis, lab.world

# %% [markdown]
# `lab.redis` is an ordinary `redis.Redis` client on an empty database that belongs to this notebook alone; `lab.world` is
# the world outside of the shop; `lab.again()` empties both for the next experiment. Today you want to know how old a job
# is, so each says when it was queued, under one key more: `at`, a number of seconds (in the Black Friday below, of minutes).
# The second function reads it, and gives `None` for whatever does not say.

# %% tags=["teaches"]
def job_at(name, args, id, at):
    """A job as `job` makes it, that also says when it was queued: `at`, in seconds."""
    return json.dumps({**json.loads(job(name, args, id)), "at": at}).encode()


def queued_at(raw):
    """When the job `raw` was queued, its `at`; None when it does not say, or is no job."""
    try:
        at = json.loads(raw)["at"]
    except (ValueError, TypeError, KeyError):
        return None
    return at if isinstance(at, (int, float)) else None


# %%
raw = job_at("invoice", {"order": 7}, "invoice-7", at=1000)
print(raw.decode())
queued_at(raw), queued_at(b"not json")

# %% [markdown]
# ## Black Friday
#
# In an ordinary minute ten orders come in. From minute 4 to minute 6, forty each: a *spike*. One worker writes twelve
# invoices a minute. You don't want to wait an hour for this lesson, so a minute here is a number: the jobs and their list
# are real, and only the clock is ours. Each minute pushes its orders, then the workers take as many jobs as they can do.
# What is noted at the end of each minute, after the workers have taken theirs, is the *depth*, how many are left waiting,
# and the *age of the oldest*, the minutes that the one on the right has waited. (It will wait a minute more at least.)

# %%
ORDERS = {minute: 40 if minute in (4, 5, 6) else 10 for minute in range(1, 61)}


def one_minute(minute, capacity):
    r.lpush("jobs", *[job_at("invoice", {"order": n}, f"invoice-{minute}-{n}", at=minute) for n in range(ORDERS[minute])])
    r.rpop("jobs", capacity)
    oldest = r.lindex("jobs", -1)
    return r.llen("jobs"), minute - queued_at(oldest) if oldest else 0


# %%
def hour(capacity):
    lab.again()
    return {minute: one_minute(minute, capacity) for minute in ORDERS}


# %% [markdown]
# **Predict first.** Three numbers for one worker, capacity 12: how many jobs wait at the end of minute 6? In which minute
# is nothing left waiting again? And in which minute is the age of the oldest at its highest for the first time?

# %%
predict(
    "12.p1",
    ### BEGIN SOLUTION
    84, 48, 12,
    ### END SOLUTION
)

# %%
one = hour(capacity=12)
print("minute  waiting  oldest")
for minute in (3, 4, 5, 6, 9, 10, 11, 12, 13, 18, 30, 42, 48):
    print(f"{minute:6} {one[minute][0]:8} {one[minute][1]:7}")

# %%
drained = next(minute for minute, (waiting, _) in one.items() if minute > 6 and waiting == 0)
highest = max(one, key=lambda minute: one[minute][1])
happened("12.p1", one[6][0], drained, highest)

# %% [markdown]
# Nobody was turned away and nothing was lost: that is what the queue is for. What it costs is time. **Three minutes of
# spike take 42 minutes to drain.** Each minute of the spike left 28 jobs behind, 84 in all, and an ordinary minute wins
# back two: twelve done, ten come in. The drain time is the *backlog divided by the spare capacity*, and spare capacity is
# the small difference of two large numbers. With a capacity of 11 it would take 87 minutes, with 10 it would never end.
#
# And the depth does not tell what the customer feels. It falls from minute 6 on, and the oldest job gets older until minute
# 12: a graph of the depth, like the first one below, says that all is well while the invoices come later and later. (Why 12? In
# nine minutes of work, from 4 to 12, the worker does 108 of the spike's 120 orders. The next is from minute 6, and six
# minutes old; when those are done, the queue moves on to the orders of quieter minutes.) Watch the age.
#
# Two workers do 24 a minute, four do 48:

# %%
hours = {f"workers: {n}": hour(12 * n) for n in (1, 2, 4)}


def lines(what):
    """What each hour's minutes have in that place, as lines to draw: 0 is the depth, 1 the age of the oldest."""
    return {name: [(minute, seen[what]) for minute, seen in noted.items()] for name, noted in hours.items()}


# %% tags=["figure", "talk:spikeability"]
title, marks = "A spike of three minutes, and what is left of it", [(4, "spike begins")]
spike = figures.depth(lines(0), title, x="minute", marks=marks)
print(spike.table())
for name, line in lines(0).items():
    print(name, "· nothing is left waiting from minute", max((minute for minute, waiting in line if waiting), default=0) + 1)
spike

# %% tags=["figure"]
ages = figures.depth(lines(1), "The age of the oldest job in the same hour", x="minute", y="age of the oldest, minutes", marks=marks)
print(ages.table())
ages

# %% [markdown]
# Lay the figures of one worker over each other: from minute 6 to minute 12 the depth falls and the age climbs.
#
# The second worker did not halve the drain, it cut it from 42 minutes to 4: the spare capacity went from 2 to 14. For four
# workers there was no backlog at all, and in an ordinary minute they do 10 jobs where they could do 48. That is the choice:
# pay for the peak, or let the queue stretch it, for as long as the oldest job may wait.
#
# ## Who gets which job?
#
# Nobody hands the jobs out. A worker that is free takes the next one, and that is all. Here are ten jobs and two real
# worker processes: `lab.worker` starts one, `lab.run` starts one and waits for its end. (`world.charge` stands for the
# work.)

# %%
def work(r, world, queue="jobs"):
    done = 0
    while (raw := r.rpop(queue)) is not None:
        world.charge(json.loads(raw)["id"], 4900)
        done += 1
    return done


# %%
def ten_jobs(*queues):
    lab.again()
    for n in range(1, 11):
        r.lpush(queues[n % len(queues)], job("invoice", {"order": n}, f"invoice-{n}"))


# %% [markdown]
# `worker 1` comes to a job that takes very long: it is held in the middle of its first one (`hold` is a fault like `kill`,
# exact, and the function is not touched). Meanwhile `worker 2` works until nothing is left. Then `worker 1` goes on.
#
# **Predict first**: how many of the ten does `worker 1` do, how many `worker 2`?

# %%
predict(
    "12.p2",
    ### BEGIN SOLUTION
    1, 9,
    ### END SOLUTION
)

# %%
def slow_and_quick(first, second):
    slow = lab.worker(work, r, world, first, name="worker 1", fault="hold before charge")
    slow.wait_held()
    quick = lab.run(work, r, world, second, name="worker 2").value
    left = r.llen(first)
    slow.release()
    return slow.finish().value, quick, left


# %% tags=["talk:workload-distribution"]
ten_jobs("jobs")
by_slow, by_quick, left = slow_and_quick("jobs", "jobs")
print("worker 1:", by_slow, "· worker 2:", by_quick, "· left waiting behind the slow job:", left)
happened("12.p2", by_slow, by_quick)

# %% [markdown]
# The load has distributed itself, without anybody knowing who is slow. Compare it with what a load balancer does that deals
# the jobs out as they come, every second one to each worker: two lists, five jobs in each.

# %%
ten_jobs("for worker 1", "for worker 2")
by_slow, by_quick, left = slow_and_quick("for worker 1", "for worker 2")
print("worker 1:", by_slow, "· worker 2:", by_quick, "· left waiting behind the slow job:", left)

# %% [markdown]
# Four jobs stood behind the slow one while `worker 2` had nothing to do. Taking from one list is the better distribution,
# and it needs no plan: a worker more, a worker less, nobody is told.
#
# ## One, two, four
#
# Now with a watch. 60 jobs of 10 ms each (they sleep, as a job sleeps that waits for somebody else's server). The workers
# are started first and held before their first `RPOP`, so that only the work is measured.

# %%
def slowly(r):
    while (raw := r.rpop("jobs")) is not None:
        time.sleep(0.01)
        r.lpush("done", raw)


# %%
def at_the_start(workers):
    lab.again()
    r.lpush("jobs", *[job("invoice", {"order": n}, f"invoice-{n}") for n in range(60)])
    held = [lab.worker(slowly, r, fault="hold before RPOP") for _ in range(workers)]
    return [worker for worker in held if worker.wait_held()]


# %%
def race(workers):
    begun = time.perf_counter()
    for worker in workers:
        worker.release()
    for worker in workers:
        worker.finish(30)
    return time.perf_counter() - begun


# %%
seconds, done = {}, {}
for workers in (1, 2, 4):
    seconds[workers] = race(at_the_start(workers))
    done[workers] = r.lrange("done", 0, -1)

# %% tags=["measured"]
for workers, took in seconds.items():
    print(f"workers: {workers} · {took:.2f} s · {60 / took:.0f} jobs a second")

# %% tags=["talk:parallelization"]
for workers, jobs in done.items():
    print(f"workers: {workers} · done: {len(jobs)} · of them different: {len(set(jobs))}")
print("four were faster than one:", "yes" if seconds[4] < seconds[1] else "no")

# %% [markdown]
# Each job is done once, however many workers there are, and no worker knows of another. A single job is not done any
# faster: 10 ms stay 10 ms. More is done at the same time, as long as what the jobs need (a processor, a database, a
# provider) has room for more. And the order is gone: the second job may end before the first (lab 17).
#
# Resque gets its parallelism from processes: a worker forks a child for each job, as RQ's does. Sidekiq runs threads in one
# process, five by default; Dramatiq several processes with threads in each. All of them do to the list what `work` does.
#
# ## Peek, and delete
#
# Why *take*, by the way? A worker that takes a job and dies has lost it (that is lab 15). So it seems a good idea to leave
# the job where it is until it is done:

# %%
def peek_and_delete(r, world):
    raw = r.lindex("jobs", -1)
    world.charge(json.loads(raw)["id"], 4900)
    return r.lrem("jobs", -1, raw)


# %% [markdown]
# With one worker it works. Now two. One job waits; `worker 1` is held right after its `LINDEX`, `worker 2` runs from
# beginning to end, and `worker 1` goes on. `LREM` answers how many elements it has removed.
#
# **Predict first**: how often is the card charged, and what does the `LREM` of `worker 1` answer?

# %%
predict(
    "12.p3",
    ### BEGIN SOLUTION
    2, 0,
    ### END SOLUTION
)

# %%
lab.again()
r.lpush("jobs", job("invoice", {"order": 7}, "invoice-7"))
first = lab.worker(peek_and_delete, r, world, name="worker 1", fault="hold after LINDEX")
first.wait_held()
lab.run(peek_and_delete, r, world, name="worker 2")
first.release()
removed = first.finish().value
happened("12.p3", len(world.charges()), removed)

# %% tags=["figure"]
twice = figures.timeline(
    lab.history.records(),
    title="One job, done by two workers",
    only=["LINDEX", "charge", "LREM"],
    lanes=["worker 1", "worker 2"],
)
print(twice.table())
twice

# %% [markdown]
# Nobody died, nothing failed, and the customer has paid twice. Between the *look* and the *act* there was a moment, and in
# that moment somebody else looked. The 0 came too late. `RPOP` has no such moment: it looks and removes in one command.
#
# ## Look and act, in one step
#
# The moment between is in every pair of commands of which the second relies on the first. It has nothing to do with queues:
# two workers that each count an invoice with `GET` and then `SET` can lose one, though each job is done exactly once.

# %%
def count_one(r):
    r.set("invoices", int(r.get("invoices") or 0) + 1)


lab.again()
first = lab.worker(count_one, r, fault="hold before SET")
first.wait_held()
lab.run(count_one, r)
first.release()
print("ended:", first.finish().kind, "· two jobs counted:", r.get("invoices"))

# %% [markdown]
# For this there is a command that does both, `INCR`. Where Redis has no such command, you can make one: a script in Lua,
# which `EVAL` runs *as if it were one command*. Nobody else has a turn in it. It gets names of keys as `KEYS[1]`, other
# arguments as `ARGV[1]` (texts, all of them; `tonumber` makes a number), and calls commands with `redis.call`. A number
# that it returns arrives as an `int`, `false` as `None`. This one takes a job, unless the shop is closed:

# %%
take_unless_closed = """
if redis.call('EXISTS', KEYS[1]) == 1 then return false end
return redis.call('RPOP', KEYS[2])
"""
r.lpush("jobs", "invoice-7", "invoice-8")
taken = r.eval(take_unless_closed, 2, "closed", "jobs")
r.set("closed", "for stocktaking")
taken, r.eval(take_unless_closed, 2, "closed", "jobs"), r.llen("jobs")

# %% [markdown]
# A second way is `WATCH`: you look, then queue your commands behind `MULTI`, and `EXEC` carries them out only if nobody has
# touched the watched key meanwhile. If somebody has, redis-py raises `WatchError`, and you begin again; `r.transaction` is
# that loop, ready made. It has a trap. Here one job is counted so, by a client that sends nothing twice, and the answer to
# `EXEC` gets lost:

# %%
def count_watching(pipe):
    invoices = int(pipe.get("invoices") or 0)
    pipe.multi()
    pipe.set("invoices", invoices + 1)


# %%
lab.again()
with lost_reply("redis", lose="EXEC") as proxy:
    client = impatient({**lab.redis_at, "host": proxy.host, "port": proxy.port})
    client.transaction(count_watching, "invoices")
print("one job counted:", r.get("invoices"))

# %% [markdown]
# redis-py says `WatchError` also when the connection broke while it watched: of the two, *somebody else was quicker* and
# *nobody knows*, the loop hears only the first, and begins again. (The text of the error tells them apart.) With this
# client a lost `EVAL` comes as what it is, a `ConnectionError`. An ordinary client, such as `lab.redis`, sends the script a
# second time instead, and nobody hears of it.
#
# ## When memory ends
#
# A spike goes into memory, and memory ends. What does Redis do then? A setting says it: `maxmemory-policy`. As shipped it
# is `noeviction`: whoever wants to write gets an error. On a Redis that serves as a *cache* it is something else, often
# `allkeys-lru`: the keys that were not used for longest are *evicted*, deleted without a word, to make room. That is right
# for a cache. A shop that has a Redis already, and looks for a place for its jobs, easily finds that one.
#
# The next cells do it on a Redis of their own with 3 MB, so that yours is not harmed. 2,000 orders come in, each a job of
# about 2 kB.

# %%
def black_friday(policy):
    with lab.crash_test("redis", maxmemory="3mb", maxmemory_policy=policy) as private:
        accepted = sum(accepts(private.redis, n) for n in range(1, 2001))
        waiting, evicted = private.redis.llen("jobs"), private.redis.info("stats")["evicted_keys"]
    return {"accepted": accepted, "refused": 2000 - accepted, "lost": accepted - waiting, "keys evicted": evicted}


# %%
def accepts(r, n):
    try:
        return r.lpush("jobs", job("invoice", {"order": n, "note": "x" * 2000}, f"invoice-{n}")) > 0
    except redis.OutOfMemoryError:
        return False


# %% [markdown]
# **Predict first.** Four words, each `"none"` or `"some"`, as in `predict("12.p4", "none", "none", "none", "none")`. With
# `noeviction`: how many are refused, and how many of the accepted are lost? With `allkeys-lru`: refused, lost?

# %%
predict(
    "12.p4",
    ### BEGIN SOLUTION
    "some", "none", "none", "some",
    ### END SOLUTION
)

# %%
counted = {policy: black_friday(policy) for policy in ("noeviction", "allkeys-lru")}

# %% tags=["measured"]
for policy, counts in counted.items():
    print(f"{policy:12}", " ".join(f"{word} {number:5}" for word, number in counts.items()))

# %% tags=["system:redis"]
words = [("some" if counts[word] else "none") for counts in counted.values() for word in ("refused", "lost")]
happened("12.p4", *words)

# %% [markdown]
# The cache has said yes 2,000 times, and a good part of that is gone. No exception, no line in a log. It is worse than *the
# oldest jobs first*: what is evicted is a **key**, and to Redis the whole list `jobs` is one key. All the jobs that wait
# vanish at once, and the next push begins a new list, as if nothing had happened. Only a counter in `INFO` has moved: the
# keys evicted.
#
# The other Redis has refused, and lost nothing. An error in the checkout is not pleasant, but it is true: the customer can
# be told, the checkout can take another way. This is why Sidekiq warns when it starts on a Redis with another policy. Your
# workers can do the same; it is one line, and it runs once:

# %% tags=["system:sidekiq"]
def warn_unless_it_keeps_jobs(r):
    policy = r.info("memory")["maxmemory_policy"]
    print("policy:", policy, "·", "fit for jobs" if policy == "noeviction" else "WARNING: it may delete jobs")


warn_unless_it_keeps_jobs(r)
with lab.crash_test("redis", maxmemory="3mb", maxmemory_policy="allkeys-lru") as private:
    warn_unless_it_keeps_jobs(private.redis)

# %% [markdown]
# ## A limit of your own
#
# Waiting for the error of a full Redis is late: then *nothing* can be written any more, no session, no basket, also no
# `failed` or `processing` list of your workers. Better a limit for each queue. How many jobs may wait? As many as your
# workers do in the time that the oldest may wait: twelve a minute and half an hour make 360.
#
# What many do first looks tidy: `LTRIM` keeps the list at its length. `judge` has it judged by the check of the exercise
# below. Read its verdict from the top: what was seen, the *witness*, the property that must hold.

# %%
def naive_offer(r, raw, limit):
    r.lpush("jobs", raw)
    r.ltrim("jobs", 0, limit - 1)
    return True


judge("12.1", naive_offer, expect="lost")

# %% [markdown]
# It is the eviction again, made by hand: the one who was promised something pays for the one who comes later. The list is
# bounded, and the promise is broken.
#
# ### Exercise 12.1: offer
#
# Write `offer`. It pushes `raw`, as it is, on the left of the list `jobs` and returns `True`, unless `limit` jobs wait in
# `jobs` already: then it returns `False` and changes nothing in Redis. What the workers have in hand waits no more. `offer`
# does not wait, neither for room nor for another checkout. At every moment at most `limit` jobs are in `jobs`, though
# several checkouts offer at once and each of them may be killed between two commands; and while there is room, nobody is
# refused, whoever died before.
#
# When Redis answers that its memory is full (`redis.OutOfMemoryError`), that is a refusal too: `False`. Every other
# exception comes out of `offer`: when no answer came, nobody knows whether the job is there, and each of the two words
# might be a lie. So the clients that ask here are lab 11's `impatient` ones, which send nothing twice: with an ordinary
# client a lost answer makes redis-py send it all again, `False` may be that lie after all, and a job can be there twice.
#
# Stuck? `from workbook import hint, reveal`, then `hint("12.1")`, `hint("12.1", 2)`; `reveal("12.1")` prints one possible
# answer and counts the exercise as seen, not as solved. The lab goes on either way.

# %% tags=["teaches"]
@exercise("12.1")
def offer(r, raw, limit):
    """Queue the job `raw` if fewer than `limit` wait in `jobs`: True if it was accepted, False if it was refused.

    Raises what redis-py raises when no answer comes: then nobody knows. True and False hold if `r` sends nothing twice.
    """
    ### BEGIN SOLUTION
    script = """
    if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
    redis.call('LPUSH', KEYS[1], ARGV[1])
    return 1
    """
    try:
        return r.eval(script, 1, "jobs", raw, limit) == 1
    except redis.OutOfMemoryError:
        return False
    ### END SOLUTION


# %%
offer = check("12.1")

# %% [markdown]
# Black Friday once more, one worker with twelve a minute, and a limit of 60: the last of 60 is taken in the minute it came
# in or one of the next four. What is noted now is the age of the oldest job that the worker *takes*: the longest wait.

# %%
lab.again()
client, told, depth, age = impatient(lab.redis_at), [], [], []
for minute, orders in ORDERS.items():
    told += [offer(client, job_at("invoice", {"order": n}, f"invoice-{minute}-{n}", minute), limit=60) for n in range(orders)]
    depth.append(r.llen("jobs"))
    taken = r.rpop("jobs", 12)
    age.append(minute - queued_at(taken[0]))
print("accepted", told.count(True), "· refused", told.count(False), "· most waiting", max(depth), "· longest wait", max(age))

# %% [markdown]
# Some customers are refused in the spike, and know it at once. What the checkout does for them is its own matter: write the
# invoice on the spot, as before there was a queue; ask them to come again; or leave a note in the database. The others get
# what was promised, within the time that was planned. To pass on the pressure instead of swallowing it is called
# *backpressure*. Resque, Sidekiq, RQ, Celery and Dramatiq have no such limit of their own: their queues take what comes,
# until Redis ends it.
#
# ## What is left to do?
#
# Somebody has to watch all this. In the evening of Black Friday the question is: is everything done, can the extra machines
# be switched off? The command that everybody knows is `LLEN jobs`.

# %%
def only_the_length(r, now):
    return {"waiting": r.llen("jobs"), "in_flight": 0, "oldest": None}


judge("12.2", only_the_length, expect="untruthful")

# %% [markdown]
# A queue of length 0 means that nothing *waits*. What the workers have in hand is invisible: `RPOP` has removed it, and it
# is in the memory of some process. From lab 15 on a worker moves a job, with `LMOVE` or its relatives, from `jobs` into a
# list of its own, `processing:<worker>`, and removes it there when it is done. Then *in flight* can be counted:

# %%
lab.again()
for n, at in ((1, 400), (2, 940), (3, 950)):
    r.lpush("jobs", job_at("invoice", {"order": n}, f"invoice-{n}", at))
r.lmove("jobs", "processing:worker 1", "RIGHT", "LEFT")
r.llen("jobs"), r.keys("processing:*"), r.llen("processing:worker 1")

# %% [markdown]
# Two wait, one is in flight, and that one was queued at 400: at 1000 it is 600 seconds old. Maybe it takes long, maybe its
# worker is dead. Whoever looks at the waiting jobs alone sees an age of 60 seconds and sleeps well.
#
# Two lists are two looks again. Between them a job can move from one list to the other, and be in both, or in neither. The
# last worker takes the last job between your looks, both say 0, and you switch its machine off.
#
# A script can read several keys. This one gives the names of all lists called `basket:<customer>`, and the first thing in
# each. `KEYS`, the command, finds the names. In Lua `local` makes a variable, a *table* is a list (`{}` is an empty one;
# `{one, other}` arrives as a Python list), and `for _, one in ipairs(table) do … end` is Python's `for one in table`.

# %%
first_things = """
local names, things = redis.call('KEYS', 'basket:*'), {}
for _, name in ipairs(names) do table.insert(things, redis.call('LINDEX', name, 0)) end
return {names, things}
"""
r.rpush("basket:ann", "tea", "cup")
r.eval(first_things, 0), r.delete("basket:ann")

# %% [markdown]
# ### Exercise 12.2: left to do
#
# Write `left_to_do`. It returns a dict with
#
# - `waiting`: how many jobs are in the list `jobs`;
# - `in_flight`: how many are in the lists `processing:<worker>` of all workers, whose names you don't know beforehand: one
#   may be called `host-3:4711`;
# - `oldest`: how many seconds ago the oldest of all these jobs was queued, as `queued_at` tells. It may stand anywhere, in
#   hand or in the middle of a list, because jobs come back; and `at` may have decimals. Jobs that don't say when they were
#   queued count, and have no age; when none says it, `None`. A job that was queued twice counts twice.
#
# `now` is the time, in the seconds of `at`; no other clock is asked. The numbers are those of **one moment**: a job that is
# taken, or given back into `jobs`, while you look is counted once, however many are. Looking changes nothing. Other keys are in Redis too
# (lists, sorted sets and texts, such as `failed`, `retry`, `dead`, `lease:worker 1`, `processing-old`): what stands there neither waits nor
# is in flight. (`LRANGE` with `0` and `-1` gives all elements of a list.)

# %% tags=["teaches"]
@exercise("12.2")
def left_to_do(r, now):
    """What is left to do at one moment: a dict with `waiting`, `in_flight` and `oldest`, an age in seconds or None.

    now: the time, in the seconds of the jobs' `at`.
    """
    ### BEGIN SOLUTION
    script = """
    local held = {}
    for _, name in ipairs(redis.call('KEYS', 'processing:*')) do
        for _, raw in ipairs(redis.call('LRANGE', name, 0, -1)) do table.insert(held, raw) end
    end
    return {redis.call('LRANGE', 'jobs', 0, -1), held}
    """
    waiting, held = r.eval(script, 0)
    ages = [now - at for at in map(queued_at, waiting + held) if at is not None]
    return {"waiting": len(waiting), "in_flight": len(held), "oldest": max(ages, default=None)}
    ### END SOLUTION


# %%
left_to_do = check("12.2")

# %% [markdown]
# On the situation above, and after `worker 1` has ended its job:

# %%
print(left_to_do(r, now=1000))
r.delete("processing:worker 1")
print(left_to_do(r, now=1000))

# %% [markdown]
# This is the operations cell of the workbook: later labs ask it after each of their faults, and add what they bring along,
# what waits for a retry and what is dead.
#
# It reads every job, so that none hides; `KEYS` goes through all names in the database while everybody else waits. With a
# limit of some hundred jobs that is nothing; with a million you would count with `LLEN`, keep the workers' names in a set,
# and look at the right end only, at a price: a job that came back and stands elsewhere may be older. So does Sidekiq: its queue has a `size`, the length of the list, and a `latency`, the
# seconds since the oldest job *in the queue* was enqueued. What its processes are at is a third question, asked elsewhere.

# %% tags=["system:sidekiq"]
def sidekiq_latency(r, now):
    last = r.lindex("jobs", -1)
    return now - queued_at(last) if last else 0


lab.again()
r.lpush("processing:worker 1", job_at("invoice", {"order": 1}, "invoice-1", 400))
print("size:", r.llen("jobs"), "· latency:", sidekiq_latency(r, 1000))
print(left_to_do(r, 1000))

# %% [markdown]
# Size 0, latency 0, and a job ten minutes old in somebody's hands. Neither number lies; you have to know which question it
# answers.
#
# ## When to choose this
#
# Put a queue before work that comes in spikes, when the work may wait. Plan it by the age: decide how old the oldest may
# get, then the workers follow from the spare capacity, and the limit from both. Set an alarm on the age, not on the depth:
# a thousand waiting jobs are no trouble at a thousand a second. More workers help as long as what they share has room for
# more; after that they only wait somewhere else, and the database is down instead of the queue long. And give the jobs a
# Redis that forgets nothing, apart from the cache.

# %%
score()

# %% [markdown]
# ## Recall
#
# 1. A spike has left 84 jobs behind. What else must you know to tell when the queue is empty again?
# 2. Why can the oldest job get older while fewer and fewer jobs wait?
# 3. Who decides which worker gets a job? What happens to the jobs behind a slow one?
# 4. Two workers, `LINDEX` and `LREM`: describe the order of steps in which a card is charged twice.
# 5. What does `allkeys-lru` delete when the jobs need room? Who is told?
# 6. When may `offer` return `False`, and when must it not?
# 7. `LLEN jobs` is 0. Name two places where work can still be.
