# %% [markdown]
# # 14 · Priorities: urgent first, and nobody left behind
#
# **You build** a worker that takes from several queues by weights, so that urgent jobs come first and the others still get
# their turn, and a process that keeps a slot free for them, however slow the rest is.
#
# **Time** 30 minutes. **You need** Redis (running), and what lab 11 is about: a job is JSON, a queue is a list, a worker takes
# from it. If you come here first, the recap is enough.
#
# **From the talk** *prioritization*: not all work to be done later is equally late.
#
# <!-- budget: cells 61, because two exercises, two predictions and the rules of six real systems each need their own cell -->

# %% [markdown]
# ## Recap
#
# 1. A *job* is a unit of work to be done later, as data: `{"id": "receipt-7", "name": "receipt", "args": {…}}`.
# 2. A *queue* is a Redis list: jobs are pushed on the left and taken from the right, oldest first.
# 3. A *worker* takes a job, does it, and takes the next. It never puts a job aside in the middle.
# 4. `BRPOP` takes from the right, and waits up to `timeout` seconds when there is nothing.
# 5. A worker that is killed loses what it has just popped. That is the subject of lab 15; here nobody is killed.

# %%
import json
import random
import time
from bisect import bisect

from workbook import check, exercise, figures, happened, hint, judge, open_lab, predict, reveal, score
from workbook.taught.lab11 import job

lab = open_lab("14")
r = lab.redis

# %% [markdown]
# The shop has two kinds of jobs. A *receipt* is sent while the customer still looks at the screen. A *report* adds up a month
# for the accountants, who read it next week. `put` queues some jobs of one kind, and `id_of` reads the id out of a job.

# %% tags=["teaches"]
def put(r, queue, name, numbers):
    """Queue the jobs `name`-1, `name`-2, … in the list `queue:<queue>`, the first one to be taken first."""
    r.lpush(f"queue:{queue}", *[job(name, {"number": n}, f"{name}-{n}") for n in numbers])


def id_of(raw):
    """The id of a job."""
    return json.loads(raw)["id"]


# %% [markdown]
# At the end of the month 200 reports are queued, and then a customer pays. With one queue for everything:

# %%
put(r, "all", "report", range(1, 201))
put(r, "all", "receipt", [1])
in_line = [id_of(raw) for raw in reversed(r.lrange("queue:all", 0, -1))]
print("jobs that start before receipt-1:", in_line.index("receipt-1"))

# %% [markdown]
# That number is how waiting is counted in this lab: in jobs that start before yours. Seconds depend on the machine and on
# what the jobs do. How many others go first is up to the queue.
#
# ## A sorted set, and the order that it forgets
#
# The first idea is to give each job a priority and to keep the jobs sorted. Redis has a structure for it: a *sorted set* keeps
# members by a score, and `ZPOPMIN` takes the one with the lowest. Receipts get 0, reports 9:

# %%
lab.again()
r.zadd("all", {"report-1": 9, "receipt-8": 0, "receipt-9": 0, "receipt-10": 0})
[r.zpopmin("all")[0][0].decode() for _ in range(4)]

# %% [markdown]
# The report is last, as it should be. But receipt 10 was the youngest and came first. Members with the same score are sorted as
# text, and `receipt-10` stands before `receipt-8` in the alphabet. Priorities are in order, and *within* a priority the order of
# arrival is lost.
#
# **Huey** can keep its queue this way (`PriorityRedisHuey`, taken with `BZPOPMIN`), and it knows the trap: it writes the time
# of arrival in front of each message, as eight bytes that sort like the number that they are. Here the arrivals are counted
# instead:

# %% tags=["system:huey"]
arrivals = [("report-1", 9), ("receipt-8", 0), ("receipt-9", 0), ("receipt-10", 0)]
for at, (name, score_of_it) in enumerate(arrivals):
    r.zadd("all", {at.to_bytes(8, "big") + name.encode(): score_of_it})
[r.zpopmin("all")[0][0][8:].decode() for _ in range(4)]

# %% [markdown]
# ## A list for each priority
#
# Most others use a list for each priority, because a list keeps its order by itself: `queue:urgent` and `queue:low`. The
# worker then has to look into several lists. It could ask one after the other:

# %%
def ask_in_turn(r, order, timeout=1):
    for name in order:
        if (raw := r.rpop(f"queue:{name}")) is not None:
            return name, raw


# %% [markdown]
# `BRPOP` does it in one command: it takes any number of lists, looks through them in the order in which they are named, and
# takes from the first that is not empty. If all are empty, it waits for whichever gets a job first. `pop` wraps it, and tells
# from which queue the job came.

# %% tags=["teaches"]
def pop(r, order, timeout=1):
    """Take the oldest job of the first queue in `order` that has one: (queue, job), or None after `timeout` seconds."""
    popped = r.brpop([f"queue:{name}" for name in order], timeout)
    return popped and (popped[0].decode().removeprefix("queue:"), popped[1])


# %%
lab.again()
put(r, "low", "report", [1, 2])
put(r, "urgent", "receipt", [1])
[id_of(pop(r, ["urgent", "low"])[1]) for _ in range(3)]

# %% [markdown]
# The receipt came last and is taken first; the reports keep their order. The difference between the two functions shows when
# nothing is to do. An idle worker calls each of them until 0.1 seconds are over; its history knows the commands that it sent.

# %%
def commands_when_idle(fetch):
    def idle(r):
        end = time.monotonic() + 0.1
        while time.monotonic() < end:
            fetch(r, ["urgent", "low"], timeout=0.15)

    lab.again()
    lab.run(idle, r, name="idle")
    return sum(record["phase"] == "start" and "POP" in record["what"] for record in lab.history.records())


# %%
print("ask_in_turn sends more than 10:", commands_when_idle(ask_in_turn) > 10)
print("pop sends:", commands_when_idle(pop))

# %% [markdown]
# Asking in turn is a *busy loop*: an idle worker keeps itself and Redis at work. Who asks must sleep in between, and then a
# receipt waits for the end of the sleep; **Resque** does that, for five seconds unless told otherwise. `BRPOP` neither asks
# nor sleeps: Redis answers when there is something.
#
# (A pop has no net under it: a worker that is killed now loses its job. The command with a net, `BLMOVE` in lab 15, takes from
# one list only. Waiting, several queues *and* a net is not one command.)
#
# ## Strict order
#
# Always naming `urgent` first is called *strict* priority. It does what it says. It is Black Friday now: for every job that is
# taken, another receipt comes in, so `queue:urgent` is never empty. Five reports wait in `queue:low`. `under_load` takes jobs,
# each time in the order that `order_of` gives, and notes how many reports still wait.

# %%
WEIGHTS = {"urgent": 4, "low": 1}


def under_load(r, order_of, jobs, seed=14):
    rng, reports_waiting = random.Random(seed), []
    for n in range(1, jobs + 1):
        put(r, "urgent", "receipt", [n])
        pop(r, order_of(WEIGHTS, rng))
        reports_waiting.append(r.llen("queue:low"))
    return reports_waiting


# %% [markdown]
# The strict order takes no notice of how much heavier `urgent` weighs, and none of chance:

# %%
def strict(weights, rng):
    return sorted(weights, key=weights.get, reverse=True)


strict(WEIGHTS, random.Random(1))

# %% [markdown]
# **Predict first**: 200 jobs are taken in strict order. How many of the five reports are among them?

# %%
predict(
    "14.p1",
    ### BEGIN SOLUTION
    0,
    ### END SOLUTION
)

# %% tags=["talk:prioritization", "system:resque"]
def experiment(order_of):
    lab.again()
    put(r, "urgent", "receipt", [0])
    put(r, "low", "report", range(1, 6))
    return lab.run(under_load, r, order_of, 200).value


strictly = experiment(strict)
happened("14.p1", 5 - strictly[-1])

# %% [markdown]
# None, and none after 200,000 either. The reports *starve*: they are ready, workers are at work all the time, and their turn never
# comes. Nothing fails, so no alarm is raised; somebody calls in the second week of December and asks for November. This is how
# Resque takes from several queues: in the order in which they are listed.
#
# `judge` runs `strict` by the check of the next exercise. Read what must hold from its verdict:

# %%
judge("14.1", strict, expect="starved")

# %% [markdown]
# ## Weights
#
# A *weight* says how many turns a queue gets in comparison with the others. With `urgent` 4 and `low` 1, when both have jobs,
# `low` gets one turn in five. Which turn, is left to chance: no worker has to remember whose turn it was, and no two have to
# agree. For each fetch the worker draws an order and gives it to `pop`.
#
# Chance comes from a generator that the caller hands in, `rng`, a `random.Random`. With a seed its numbers are the same each
# time, so that a share can be tested. Two of its methods: `rng.random()` is a number from 0 to 1,
# `rng.choices(names, weights)` a list with one of the names, the heavier the likelier.
#
# ### Exercise 14.1: weighted
#
# Write `weighted`. It returns the names of the queues in the order in which one fetch shall try them. The weights are whole numbers
# from 1 up. As long as several queues have jobs, each of those gets turns in proportion to its weight, *whatever the other queues
# hold*: with weights 5, 3 and 1 and the first queue empty, the other two share the turns 3 to 1. A job in any queue is taken
# by the next fetch when all others are empty. Chance comes from `rng` alone, and `weights` stays as it is: every fetch gets the same.
#
# The check counts 4,000 fetches with seeds of its own, and allows what chance does to a share, so that a right answer does not fail. If
# you are stuck: `hint("14.1")`, `hint("14.1", 2)`; `reveal("14.1")` prints one possible answer. The lab always goes on.

# %% tags=["teaches"]
@exercise("14.1")
def weighted(weights, rng):
    """The order in which one fetch tries the queues: a list of names, drawn with `rng`. weights: name -> 1, 2, 3, …"""
    ### BEGIN SOLUTION
    left, order = dict(weights), []
    while left:
        name = rng.choices(list(left), list(left.values()))[0]
        order.append(name)
        del left[name]
    return order
    ### END SOLUTION


# %%
weighted = check("14.1")

# %% [markdown]
# Now the same Black Friday, taken by weights.

# %%
by_weights = experiment(weighted)
print("reports done, strict: ", 5 - strictly[-1])
print("reports done, weights:", 5 - by_weights[-1])

# %% tags=["figure"]
depths = figures.depth(
    {"strict": strictly[:100], "4 to 1": by_weights[:100]},
    title="Reports waiting while receipts never stop",
    x="jobs taken",
    y="reports waiting",
)
print(depths.table())
depths

# %% [markdown]
# With weights the line falls to zero and stays there, about five jobs for each step; in strict order it stays at five. The
# receipts pay for it with a fifth of the turns, and only while reports wait: a queue that is empty gives its turn to the others.
#
# **Sidekiq** knows both. Queues that are listed without weights are taken strictly. With weights it writes each name into a list as
# often as it weighs, shuffles the list for every fetch, keeps the first of each name, and gives that to `BRPOP`:

# %% tags=["system:sidekiq"]
def sidekiq_order(weights, rng):
    tickets = [name for name, weight in weights.items() for _ in range(weight)]
    rng.shuffle(tickets)
    return list(dict.fromkeys(tickets))


judge("14.1", sidekiq_order, expect="PASS")

# %% [markdown]
# One trap of its configuration: as soon as one queue has a weight, a queue written without one gets the weight 1, in silence. It
# was meant to be the most important, and it is the least.
#
# **Celery** on Redis has priorities from 0 to 9, kept in four lists for each queue, which a worker gives to `BRPOP` in order. So
# ten numbers make four steps:

# %% tags=["system:celery"]
steps = [0, 3, 6, 9]
list_of = {priority: steps[bisect(steps, priority) - 1] for priority in range(10)}
lab.again()
for priority in (9, 5, 4, 0):
    r.lpush(f"celery {list_of[priority]}", f"priority {priority}")
[r.brpop([f"celery {step}" for step in steps])[1].decode() for _ in range(4)]

# %% [markdown]
# Here 0 is the *highest* priority. In AMQP, and so with Celery on RabbitMQ, a higher number is more urgent. Who changes the broker
# and not the numbers has turned the shop upside down. And 5 came before 4: both are in one list, and 5 was there first.
#
# ## Priority decides what is next, not what is running
#
# A weight is a share of *turns*, not of time. If a receipt takes one second and a report takes sixty:

# %%
seconds = {"urgent": 4 * 1, "low": 1 * 60}
print(f"share of the turns that reports get: {1 / 5:.0%}, share of the time: {seconds['low'] / sum(seconds.values()):.0%}")

# %% [markdown]
# A worker process does several jobs at once, each in a *slot*: a thread, or a child process. With reports taking nearly all the time,
# sooner or later there is a moment in which every slot has one. A receipt that comes then has the highest priority, and nobody to do
# it. Strict order does not help: a slot that is busy does not look at queues at all.
#
# `serve` is one slot, a process of its own here. A job lasts until somebody pushes to `end <id>`; what happens stands
# in the list `log`, in the order in which Redis has it.

# %%
def serve(r, fetch, slot):
    rng = random.Random(slot)
    while True:
        if got := fetch(r, slot, WEIGHTS, rng):
            r.rpush("log", f"start {id_of(got[1])}")
            while not r.blpop(f"end {id_of(got[1])}", 1):
                pass
            r.rpush("log", f"end {id_of(got[1])}")


# %%
def any_slot(r, slot, weights, rng, timeout=1):
    return pop(r, ["urgent", "low"], timeout)  # strictly urgent first, the best case for a receipt


# %%
def start_slots(fetch, busy):
    lab.again()
    put(r, "low", "report", range(1, 13))
    for slot in range(4):
        lab.worker(serve, r, fetch, slot, name=f"slot {slot}")
    lab.until(lambda: r.llen("log") == busy)
    return sorted(entry.decode() for entry in r.lrange("log", 0, -1))


start_slots(any_slot, busy=4)

# %% [markdown]
# Four slots, four reports at work, eight waiting, and no receipt so far: all is well. Now `receipt-1` comes. When no slot is free,
# `report-1` is ended, and the receipt can start.
#
# **Predict first**: how many reports have to end before the receipt starts? And how many, if one of the four slots had been kept
# free of reports? Give two numbers, with a comma between them: `..., ...`.

# %%
predict(
    "14.p2",
    ### BEGIN SOLUTION
    1, 0,
    ### END SOLUTION
)

# %%
def receipt_comes(busy):
    put(r, "urgent", "receipt", [1])
    if busy == 4:
        r.lpush("end report-1", "now")  # nobody is free: the receipt waits until somebody is
    lab.until(lambda: b"start receipt-1" in r.lrange("log", 0, -1))
    return [entry.decode() for entry in r.lrange("log", busy, -1)]


without = receipt_comes(busy=4)
without

# %% [markdown]
# One report had to end, though the receipt was first in line all the time. If a report takes an hour, that is up to an hour, and no
# priority shortens it. If the slots went by weights, the free slot might even have taken the next report. By the check of the next
# exercise:

# %%
judge("14.2", any_slot, expect="starved")

# %% [markdown]
# The way out is to give up a little: a slot that takes *only* urgent jobs, and has nothing to do when there are none. It bounds the
# wait: between an urgent job's coming and its start, only urgent jobs that came before it can start in that slot, whatever the reports do.
#
# Where each queue has its own process, you have it already. The mistake next to it is to stop there. If every slot belongs to one
# queue, the slots for reports stand idle while receipts pile up:

# %%
def slots_apart(r, slot, weights, rng, timeout=1):
    return pop(r, ["urgent"] if slot == 0 else ["low"], timeout)


judge("14.2", slots_apart, expect="starved")

# %% [markdown]
# ### Exercise 14.2: a slot that is kept
#
# Write `fetch` for a process with several slots, at least two, numbered from 0; each calls it when it has nothing to do. One slot is
# kept for the queue `urgent`, and no more than one, whether the process has two slots or twenty; which one, you decide, and it stays the
# same. It takes no job of another queue, not even to put it back. The other slots take from all queues, by the weights that are given,
# as in 14.1: the queues may have any names, another may weigh more than `urgent`, chance comes from `rng` alone, and `weights` stays as it is.
#
# `fetch` returns the queue's name and the job, as `pop` does, or `None` when no job came within `timeout` seconds. Oldest first within a
# queue. A job that comes while an idle slot waits is taken at once, from whichever of its queues. While nothing comes, a fetch sends at
# most ten commands. You may use `pop` and `weighted`.

# %% tags=["teaches"]
@exercise("14.2")
def fetch(r, slot, weights, rng, timeout=1):
    """The next job for this slot: (queue, job), or None when none came within `timeout` seconds.

    One slot is kept for the queue `urgent`; the others take from all queues, by the weights.
    """
    ### BEGIN SOLUTION
    order = ["urgent"] if slot == 0 else weighted(weights, rng)
    return pop(r, order, timeout)
    ### END SOLUTION


# %%
fetch = check("14.2")

# %% [markdown]
# The same evening with yours:

# %%
print(start_slots(fetch, busy=3))
kept = receipt_comes(busy=3)
print(kept)
happened("14.p2", sum("end" in entry for entry in without), sum("end" in entry for entry in kept))

# %% [markdown]
# Three reports are at work, and the receipt has started before any of them has ended. The price is on the first line: nine reports wait,
# and a slot stood idle. With four slots you pay up to a quarter of the work; with twenty, a twentieth. The bound holds for one receipt after
# the other. If many come at once, they wait for each other, and the other slots take them by their weight.
#
# ## Jobs that were taken in advance
#
# There is another way to lose a priority: taking jobs before they are needed. Workers *prefetch* some messages to save the way to the
# broker. **Dramatiq**'s actors have priorities, and they order what a worker has already prefetched, in its memory. Eleven reports wait, then
# a receipt comes, and the worker fetches four at a time:

# %% tags=["system:dramatiq"]
lab.again()
put(r, "all", "report", range(1, 12))
put(r, "all", "receipt", [1])
begun = []
while batch := [id_of(raw) for raw in r.rpop("queue:all", 4) or []]:
    begun += sorted(batch, key=lambda id: not id.startswith("receipt"))
print("jobs that start before receipt-1:", begun.index("receipt-1"))

# %% [markdown]
# Eight, instead of eleven: it overtook the three that were fetched together with it, and none of the others. A priority reaches as far
# as the place where it is looked at. Whoever wants urgent jobs first gives them a queue of their own, and prefetches little.
#
# ## What the real ones do
#
# | system | priorities are | under a permanent urgent load |
# |---|---|---|
# | Resque | the order of the listed queues, strict; `*` takes all, in alphabetical order | low starves |
# | Sidekiq | without weights strict; with weights a shuffle for each fetch, as above | low gets its share |
# | RQ | the order of the queues on the command line, strict; round robin or random if asked for | low starves by default |
# | Celery on Redis | four lists for each queue, strict, 0 is the highest | low starves |
# | Huey | a sorted set with the time of arrival in front, strict | low starves |
# | Dramatiq | an order among what is prefetched | depends on what is in memory |
# | RabbitMQ | `x-max-priority` on a classic queue, strict, a higher number is more urgent | low starves |
#
# None of them stops a running job for a more urgent one. So all of them can have every slot full of slow jobs; the usual answer is
# yours, as a process of its own for the urgent queue.
#
# ## When to choose this
#
# Start with one queue, and count how many jobs start before yours. Name queues after how long their jobs may wait (`within a minute`, `within
# a day`), not after who asks: everybody's own work is important. Choose strict order only where urgent jobs are rare by nature, so that the
# queue does run dry. Choose weights where it may not. Keep a slot where the other jobs are slow. And cut slow jobs into short ones
# (lab 19): a slot that becomes free every second needs no reservation.

# %%
score()

# %% [markdown]
# ## Recall
#
# 1. Why is waiting counted in jobs here, and not in seconds?
# 2. What does a sorted set with the priority as its score do to jobs of the same priority?
# 3. What is wrong with asking one queue after the other, and what does `BRPOP` do instead?
# 4. Why is a starved queue noticed so late?
# 5. Two queues have the weights 3 and 1, and a third with weight 5 is empty. Who gets how many turns?
# 6. A queue has a fifth of the turns. When does it get nearly all of the time?
# 7. Why can no order of queues help a receipt when all slots are busy? What does help, and what does it cost?
# 8. How can prefetching defeat a priority?
