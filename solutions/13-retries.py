# %% [markdown]
# # 13 · Retries: again, but later
#
# **You build** what happens to a job that fails: how long it waits, who brings it back, and where it ends when it fails for
# ever.
#
# **Time** 55 minutes. **You need** Redis (running), and what lab 11 is about: a job is JSON in a list, a worker takes it
# and calls a handler. Two functions come from lab 15. If you come here first, the recap is enough for both.
#
# **From the talk** *retries*: a failed job is done again by itself. This is what makes a queue worth having on a bad day,
# and what turns a bad minute into a bad hour when it is built carelessly.
#
# <!-- budget: cells 81, because three exercises, three predictions, the storm, the two schedulers and the dead set each need cells -->
# <!-- budget: median 5, because nearly every demonstration is a small experiment: set up, let it happen, look -->
# <!-- budget: demonstration 10, because the storm is one loop, told best in one piece -->

# %% [markdown]
# ## Recap
#
# 1. A job is JSON in bytes, with an id of its own: `{"id": "mail-7", "name": "mail", "args": {"order": 7}}`.
# 2. Jobs wait in the Redis list `jobs`: pushed on the left, taken on the right, so the oldest comes first.
# 3. `take(r, worker)` moves a job into the list `processing:<worker>`, `finish(r, worker, raw)` removes it from there
#    (lab 15): so a job is kept while it is being done, and if its worker dies it is given to another.
# 4. A worker calls the *handler* of the job's name with its `args`. A job *fails* when that raises an exception.
# 5. In lab 11 a failed job was put aside for good. Most failures pass by themselves, so this lab tries again.

# %%
import heapq
import json
import random
from collections import Counter

from workbook import check, exercise, figures, happened, judge, open_lab, predict, score

lab = open_lab("13")
r, world = lab.redis, lab.world

# %% [markdown]
# Time is what this lab is about, and nothing in it waits. Every function that needs the time gets it as an argument, `now`,
# in seconds; every function that draws lots gets the generator, `rng`. So an hour passes in a millisecond, and every run is
# the same. It is a good habit at work too: code that asks the clock itself can only be tested by waiting.
#
# ## A provider with a bad minute
#
# Mails go out through a provider, somebody else's service. Here it is down for its first minute. Afterwards it is up, and
# takes 20 calls a second; what comes beyond that, it refuses.

# %%
class Provider:
    def __init__(self):
        self.calls = Counter()

    def send(self, now):
        self.calls[int(now)] += 1
        if now < 60 or self.calls[int(now)] > 20:
            raise ConnectionError("the mail provider does not answer")


# %% [markdown]
# The obvious way to try again is at once. A call takes a hundredth of a second here, so a *tick* is one call:

# %%
def insist(provider):
    tick = 0
    while True:
        try:
            return provider.send(tick / 100)
        except ConnectionError:
            tick += 1


# %% [markdown]
# **Predict first**: one mail is to be sent, from second 0 on. How many calls does the provider refuse?

# %%
predict(
    "13.p1",
    ### BEGIN SOLUTION
    6000,
    ### END SOLUTION
)

# %%
provider = Provider()
insist(provider)
happened("13.p1", provider.calls.total() - 1)

# %% [markdown]
# 6,000 calls in vain, for one mail, by one worker, which did nothing else for a minute. Somebody at the provider is trying
# to start a server meanwhile, and these calls are what it is met with. Ten workers make 60,000 of them.
#
# So wait before you try again. Not in the worker: one that sleeps for 15 seconds is a worker less, and when the provider is
# down all of them sleep, also those with invoices to write. The job has to wait somewhere else, and the worker goes on.
# Where, is the second exercise. How *long*, is the first.
#
# ## 200 jobs that fail together
#
# When a provider is down, jobs do not fail one by one. Here 200 mails fail in second 0. `storm` is what follows: each comes
# back when its delay is over, and fails again or is sent. It returns the calls in each second, and when each mail left.
# (`due` is a heap, which always gives the earliest.)

# %%
def storm(delay, rng):
    provider, left, due = Provider(), [], [(0, order, 1) for order in range(200)]
    while due:
        now, order, attempt = heapq.heappop(due)
        try:
            provider.send(now)
            left.append(now)
        except ConnectionError:
            heapq.heappush(due, (now + delay(attempt, rng), order, attempt + 1))
    return provider.calls, left


# %% [markdown]
# Two candidates: wait for 15 seconds, every time; or wait for 15, 30, 60 seconds and so on, twice as long after each
# attempt, with an hour as the most.

# %%
def steady(attempt, rng):
    return 15


def doubling(attempt, rng):
    return min(3600, 15 * 2 ** (attempt - 1))


# %% [markdown]
# Doubling is what everybody recommends: it calls a dead provider less and less often. In second 0 all 200 mails are tried;
# look at what comes after it. **Predict first**, three values with commas between them: how many calls come in the fullest
# second with `steady`, how many with `doubling`, and does the last mail leave `"sooner"` or `"later"` with `doubling`?

# %%
predict(
    "13.p2",
    ### BEGIN SOLUTION
    200, 200, "later",
    ### END SOLUTION
)

# %%
def tell(calls, left):
    fullest = max(count for second, count in calls.items() if second > 0)
    print(f"{calls.total()} calls, {fullest} in the fullest second; half of the mails left")
    print(f"by second {left[99]:.0f}, the last one in second {left[-1]:.0f}")
    return fullest


# %%
rng = random.Random(13)
waves, doubled = storm(steady, rng), storm(doubling, rng)
later = "later" if doubled[1][-1] > waves[1][-1] else "sooner"
happened("13.p2", tell(*waves), tell(*doubled), later)

# %% [markdown]
# What failed together comes back together: all 200 in one second. 20 are served, 180 are refused and have the next date
# with each other. The provider has long been up, and idle, and the mails are not sent. Doubling makes it *worse*: the crowd
# stays a crowd, and meets less and less often. The last customer's mail took hours, for an outage of a minute.
#
# Such a crowd is called a *thundering herd*. What disperses it is chance. A delay that is drawn is called *jittered*. A
# small addition does little, as 200 jobs within one second are as bad as 200 at once. The usual choice is to draw from the
# whole span, or from its upper half. This is what the check of the next exercise says to `doubling`:

# %%
judge("13.1", doubling, expect="WRONG")

# %% [markdown]
# ### Exercise 13.1: the delay for an attempt
#
# Write `delay`: how many seconds a job waits after its failed attempt number `attempt`, which is 1, 2, 3 … without an end.
#
# - *Exponential and capped.* The delay is never negative, and never above a *ceiling*: 15 s after the first attempt, twice
#   as much after each further one, but 3,600 s at most. On average it is at least a third of the ceiling.
# - *Jittered*, at every attempt, also where the ceiling no longer grows: divide the span from 0 to the ceiling into ten
#   equal parts, and of many jobs that have failed equally often none of the parts gets more than 30 %. Nor do they come in a
#   few herds: 1,000 of them come back in at least 100 different seconds (with a ceiling below 300 s, a third as many as it
#   has).
# - All chance comes from `rng`, a `random.Random`: the same generator gives the same delays.
#
# Stuck? `from workbook import hint, reveal`, then `hint("13.1")`, `hint("13.1", 2)`; `reveal("13.1")` prints one possible
# answer and counts the exercise as seen, not as solved. The lab goes on either way.

# %% tags=["teaches"]
@exercise("13.1")
def delay(attempt, rng):
    """Seconds to wait after failed attempt number `attempt` (from 1). rng: a random.Random."""
    ### BEGIN SOLUTION
    ceiling = min(3600, 15 * 2 ** (attempt - 1))
    return rng.uniform(0, ceiling)
    ### END SOLUTION


# %%
delay = check("13.1")

# %% [markdown]
# The same storm with yours:

# %%
dispersed = storm(delay, random.Random(13))
print("the herd is gone:", "yes" if tell(*dispersed) < 100 else "no")
print("with steady: half by second", round(waves[1][99]), "· the last in second", round(waves[1][-1]))

# %% tags=["figure"]
lines = {"steady": waves[0], "yours": dispersed[0]}
spread = figures.depth(
    {name: [(second, calls[second]) for second in range(1, 211)] for name, calls in lines.items()},
    title="200 mails that failed together: calls to the provider in each second",
    x="second", y="calls", marks=[(60, "the provider is up")],
)
print(spread.table())
spread

# %% [markdown]
# The table shows it in the column `peak`, and the curve: the peaks of 200 are gone, the provider is called less often, and
# once it is up hardly a call is refused. Chance has its price too. A few mails draw a long delay late: compare when the last
# one left. With draws from the whole span that can be later than with `steady`. Whoever minds that lowers the cap.
#
# ## Where a job waits
#
# Redis has a structure made for this: a *sorted set* holds members, each once, sorted by a number, the *score*. Ours is
# called `retry`. Its members are the jobs, the score is the time at which the job is *due*.

# %%
from workbook.taught.lab11 import job

lab.again()
for order, due in ((1, 1030), (2, 1010), (3, 5000)):
    r.zadd("retry", {job("mail", {"order": order}, f"mail-{order}"): due})
[json.loads(raw)["id"] for raw in r.zrange("retry", "-inf", 1100, byscore=True)]

# %% [markdown]
# That was second 1,100: two jobs are due, the earlier one first, and `mail-3` is not. A *scheduler* is what looks again and
# again, and moves due jobs to the list `jobs`:

# %%
def naive_move(r, now):
    due = r.zrange("retry", "-inf", now, byscore=True)
    for raw in due:
        r.lpush("jobs", raw)
        r.zrem("retry", raw)
    return len(due)


# %% [markdown]
# How many schedulers? If there is one, and it dies, no job ever comes back, and nothing says so. So job libraries let a
# scheduler run in *every* worker process. Here are two of them. The first has looked, and stands still before its first
# push, which is a matter of luck in production and of the word `hold` here. The second runs meanwhile.
#
# **Predict first**: how often is `mail-1` in `jobs` afterwards, and what do the two return?

# %%
predict(
    "13.p3",
    ### BEGIN SOLUTION
    2, 2, 2,
    ### END SOLUTION
)

# %%
first = lab.worker(naive_move, r, 1100, name="scheduler 1", fault="hold before LPUSH")
first.wait_held()
second = lab.run(naive_move, r, 1100, name="scheduler 2")
first.release()
outcome = first.finish()
ids = Counter(json.loads(raw)["id"] for raw in r.lrange("jobs", 0, -1))
happened("13.p3", ids["mail-1"], outcome.value, second.value)

# %% [markdown]
# Both believe to have moved two jobs, and two customers get two mails each. `ZREM` had the truth: it returns how many it
# removed, 0 to the one that came late. But nobody asked, and when it answered the job had been pushed.
#
# ## Why a cron job fires twice
#
# The same mistake has a famous form. A report is to be made once a day. The Unix program `cron` starts it on one server.
# One day there are two servers, each with its cron, which does not know of the other: two reports. So somebody writes a
# note into Redis, and looks at it first:

# %%
def fire_once(r, day):
    if r.get("last report") != day.encode():
        r.set("last report", day)
        r.lpush("jobs", job("report", {"day": day}, f"report-{day}"))


# %% [markdown]
# On most days it works. Here is the other kind of day (`"hold after * 1"`: server 1 stands still right after its first
# operation, whichever it is):

# %%
def two_servers(fire):
    lab.again()
    one = lab.worker(fire, r, "friday", name="server 1", fault="hold after * 1")
    one.wait_held()
    lab.run(fire, r, "friday", name="server 2")
    one.release()
    one.finish()
    return r.llen("jobs")


print("reports on friday:", two_servers(fire_once))

# %% [markdown]
# Look, then act: between the two there is a moment, and both servers were in it. `SET … NX` closes this one: it sets a key
# only if there is none, in one step, and says whether it did. Whoever did may fire.

# %%
def fire_if_first(r, day):
    if r.set(f"fired:{day}", "yes", nx=True):
        r.lpush("jobs", job("report", {"day": day}, f"report-{day}"))


print("reports on friday:", two_servers(fire_if_first))
lab.again()
lab.run(fire_if_first, r, "friday", name="server 1", fault="kill after SET")
lab.run(fire_if_first, r, "friday", name="server 2")
print("server 1 killed after SET, reports:", r.llen("jobs"))

# %% [markdown]
# Never twice, and sometimes not at all: the note says *fired*, whoever wrote it is dead, and the other one believes the
# note. Two keys have to change, or none, and whether they do depends on what is there. For that Redis has two tools. The
# first is a **transaction with WATCH**: `watch` a key, read, then `multi`, and the commands that follow are sent together
# at the end. Redis runs all of them or, when somebody changed a watched key in the meantime, none. (Without `watch` a
# transaction only keeps its commands together; it cannot decide anything.) `r.transaction` watches, and calls your function
# with the pipeline:

# %%
def fire_watching(r, day):
    def decide(pipe):
        if not pipe.exists(f"fired:{day}"):
            pipe.multi()
            pipe.set(f"fired:{day}", "yes", ex=86400)
            pipe.lpush("jobs", job("report", {"day": day}, f"report-{day}"))

    r.transaction(decide, f"fired:{day}")


print("reports on friday:", two_servers(fire_watching))

# %% [markdown]
# When a watched key was changed, redis-py raises `WatchError` inside `r.transaction`, which then calls `decide` *again*. If
# you write it out with `r.pipeline()`, the loop is yours. The error says that somebody changed the key, and not what they
# did there: look again before you conclude anything. (`value_from_callable=True` lets `r.transaction` return what `decide`
# returned.)
#
# The second tool is a **script**: Redis runs a small Lua program as one command. Nobody else gets in, and a client that
# dies leaves the whole of it or nothing. `r.eval(script, 1, key, value)` gives it one key, `KEYS[1]`, and the rest as
# `ARGV[1]` and so on: Lua counts from 1. A key whose name is fixed, like `jobs`, may stand in the script.

# %% tags=["system:redis"]
FIRE = """
if redis.call('SET', KEYS[1], 'yes', 'NX', 'EX', 86400) then
    return redis.call('LPUSH', 'jobs', ARGV[1])
end
"""


def fire(r, day):
    r.eval(FIRE, 1, f"fired:{day}", job("report", {"day": day}, f"report-{day}"))


# %%
print("two servers:", two_servers(fire), "report")
for fault in ("kill before EVAL", "kill after EVAL"):
    lab.again()
    lab.run(fire, r, "friday", name="server 1", fault=fault)
    lab.run(fire, r, "friday", name="server 2")
    print(f"server 1: {fault}:", r.llen("jobs"), "report")

# %% [markdown]
# Once, in every case. (And the job carries the day, not *today*: done an hour after midnight, it still reports Friday.) In
# Lua `for _, x in ipairs(list) do … end` goes through a list, `#list` is its length, and the `zrange` above is
# `redis.call('ZRANGE', 'retry', '-inf', ARGV[1], 'BYSCORE')`. Don't hand a long list on with `unpack`: that fails from about
# 8,000 values on, which is when you need it most. And don't rebuild a job with Lua's `cjson`: it makes `{}` of `[]`, and
# rounds large numbers.
#
# This is how the check of the next exercise sees `naive_move`:

# %%
judge("13.2", naive_move, expect="duplicated")

# %% [markdown]
# ### Exercise 13.2: bring back what is due
#
# Write `move_due`. It moves every job of the sorted set `retry` that is due, that is whose score is not above `now`, to the
# list `jobs`, and returns how many it moved. They go to the left, behind what waits there, so that of the jobs moved the
# one that was due first is taken first. Jobs are moved as they are, and what is not due stays.
#
# Two schedulers may run at once: each job is moved by one of them and counted by one of them. A scheduler may be killed
# before and after each of its operations: each job is in `retry` or in `jobs`, once, and the next call of `move_due`, by
# whomever, moves what is left. New jobs may come into `retry` at any moment.

# %% tags=["teaches"]
@exercise("13.2")
def move_due(r, now):
    """Move the jobs of the sorted set `retry` whose score is not above `now` to the list `jobs`; returns how many."""
    ### BEGIN SOLUTION
    move = """
    local due = redis.call('ZRANGE', 'retry', '-inf', ARGV[1], 'BYSCORE')
    for _, raw in ipairs(due) do
        redis.call('LPUSH', 'jobs', raw)
        redis.call('ZREM', 'retry', raw)
    end
    return #due
    """
    return r.eval(move, 0, now)
    ### END SOLUTION


# %%
move_due = check("13.2")

# %% [markdown]
# ## Failures that do not pass
#
# A provider comes back. A bug does not, and neither does a job that is no job: text that is no JSON, or JSON without an id.
# Retried for ever, such a *poison* job comes back for ever. So attempts are counted, and after the last one the job goes to
# the *dead set*. It is not deleted: a customer is still waiting for it. It is kept for a person, with what a person needs.
#
# Where is the count kept? The worker forgets it, the next attempt may be made by another. So it travels in the job, at the
# end:

# %%
from workbook.taught.lab15 import finish, take


# %% tags=["teaches"]
def after_failure(raw, error, now):
    """The job `raw` with its failure written down: attempts, first and last time, reason. Malformed: its text only."""
    try:
        todo = json.loads(raw)
        todo["id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        todo = {"text": raw.decode(errors="replace")}
    told = {"attempts": todo.get("attempts", 0) + 1, "first": todo.get("first", now), "last": now}
    return todo | told | {"reason": f"{type(error).__name__}: {error}"}


# %%
mail_7 = job("mail", {"order": 7}, "mail-7")
once = after_failure(mail_7, ConnectionError("no answer"), 1000)
twice = after_failure(json.dumps(once).encode(), TimeoutError("too slow"), 1012)
print(twice)
print(after_failure(b"not json", ValueError("no job"), 1000))

# %% [markdown]
# Two attempts are counted, the first time has stayed, time and reason of the last one are new. A malformed job has no id;
# its text is kept, as far as it can be read. (`RecursionError` is what `json` raises at brackets that are nested too deep.)
#
# Now the way out of the worker's list. The job as it was must go, the job with its count must come, into another structure.
# Written down as one would say it:

# %%
class NaiveFailures:
    def __init__(self, r, most=10):
        self.r = r

    def fail(self, worker, raw, error, now, rng):
        finish(self.r, worker, raw)
        self.r.zadd("retry", {json.dumps(after_failure(raw, error, now)): now + delay(1, rng)})

    def redrive(self, id):
        return False


# %%
judge("13.3", NaiveFailures, expect="lost")

# %% [markdown]
# The net of lab 15 holds a job while it is being done, and here it falls through on the way to its retry. The other order,
# first `ZADD` and then `finish`, has the job in two places. And there is the zombie: a worker that was frozen, whose job
# was given to somebody else, and which now reports that it failed. It is not its job any more.
#
# ### Exercise 13.3: retry, bury, redrive
#
# Write `fail` and `redrive`.
#
# **`fail`**: the attempt that `worker` made at `raw` has failed with the exception `error`. `raw` leaves the list
# `processing:<worker>`, once (of two equal ones, one stays), and its neighbours stay. What comes instead is the job with
# everything that was in it and, behind that, `attempts`, `first`, `last` and `reason`, as `after_failure` gives it, in JSON:
#
# | the job | comes into the sorted set | with the score |
# |---|---|---|
# | has fewer than `most` attempts now | `retry` | `now` plus `delay`, for as many attempts as have been made |
# | has `most` attempts now | `dead` | `now` |
# | is malformed: at its first failure, as trying again cannot mend it | `dead` | `now` |
#
# `fail` returns `True`. If the worker did not hold `raw` (any more), it returns `False` and changes nothing.
#
# **`redrive`**: somebody has mended the cause, and the job with this `id` is to be done again. It leaves `dead` and comes
# to the left of `jobs`, as it was before its first failure: without the four keys, so that it has all its attempts again.
# `True` if this call did that. `False`, and nothing is changed, if no job with this id is in `dead` (any more). A malformed
# job has no id and stays.
#
# **Both** may be killed before and after each operation. Between any two of them the job may be given to another worker,
# another redrive may run, and other jobs may come and go. At every moment each job is in one place. (Equal members of a
# sorted set are one. So two malformed texts that are equal and fail at the same `now` are kept once, which is enough.)

# %% tags=["teaches"]
@exercise("13.3")
class Failures:
    """What becomes of jobs that failed: another attempt later, or the dead set. most: attempts, the first one included."""

    def __init__(self, r, most=10):
        self.r, self.most = r, most

    def fail(self, worker, raw, error, now, rng):
        """The attempt of `worker` at `raw` failed: to `retry` or to `dead`. False when the worker does not hold it."""
        ### BEGIN SOLUTION
        todo = after_failure(raw, error, now)
        target, at = "dead", now
        if "id" in todo and todo["attempts"] < self.most:
            target, at = "retry", now + delay(todo["attempts"], rng)
        move = """
        local held = redis.call('LREM', KEYS[1], 1, ARGV[1])
        if held == 1 then redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2]) end
        return held
        """
        return self.r.eval(move, 2, f"processing:{worker}", target, raw, json.dumps(todo), at) == 1
        ### END SOLUTION

    def redrive(self, id):
        """Give the dead job `id` back to `jobs`, as it was before it failed. False when it is not in `dead`."""
        ### BEGIN SOLUTION
        move = """
        local there = redis.call('ZREM', 'dead', ARGV[1])
        if there == 1 then redis.call('LPUSH', 'jobs', ARGV[2]) end
        return there
        """
        for raw in self.r.zrange("dead", 0, -1):
            todo = json.loads(raw)
            if todo.get("id") == id:
                anew = {key: todo[key] for key in todo if key not in ("attempts", "first", "last", "reason")}
                return self.r.eval(move, 0, raw, json.dumps(anew)) == 1
        return False
        ### END SOLUTION


# %%
Failures = check("13.3")

# %% [markdown]
# ## All of it together
#
# Two names for what you built, and one attempt at a job that the worker holds:

# %% tags=["teaches"]
def fail(r, worker, raw, error, now, rng):
    """See `Failures.fail`."""
    return Failures(r).fail(worker, raw, error, now, rng)


def redrive(r, id):
    """See `Failures.redrive`."""
    return Failures(r).redrive(id)


# %% tags=["teaches"]
def attempt(r, worker, raw, handlers, now, rng):
    """Do the job `raw`, which `worker` holds: finished, or failed."""
    try:
        todo = json.loads(raw)
        handlers[todo["name"]](todo["args"])
    except Exception as error:
        return fail(r, worker, raw, error, now, rng)
    return finish(r, worker, raw)


# %% [markdown]
# `except Exception` is on purpose. What says *stop*, `SystemExit` at a deployment or `KeyboardInterrupt`, is no failure of
# the job and must not cost it an attempt; in Python neither of them is an `Exception`.
#
# A worker and a scheduler in turn, with a clock that jumps to what is due next:

# %%
def work_on(handlers, rng):
    while r.llen("jobs") or r.zcard("retry"):
        if not r.llen("jobs"):
            clock["now"] = r.zrange("retry", 0, 0, withscores=True)[0][1]
            move_due(r, clock["now"])
        attempt(r, "worker 1", take(r, "worker 1"), handlers, clock["now"], rng)


# %% [markdown]
# The bad minute once more. 200 mails, one invoice whose handler has a bug (it divides by the number of items, and order 7
# has none), and something that somebody pushed by mistake.

# %%
clock = {}


def mail(args):
    provider.send(clock["now"])
    world.mail(f"customer of order {args['order']}", "Thank you")


def invoice(args):
    return 4900 / args["items"]


# %% tags=["talk:retries"]
lab.again()
provider, clock["now"] = Provider(), 0
r.lpush("jobs", b"not json", job("invoice", {"order": 7, "items": 0}, "invoice-7"))
r.lpush("jobs", *[job("mail", {"order": n}, f"mail-{n}") for n in range(1, 201)])
work_on({"mail": mail, "invoice": invoice}, random.Random(13))
print("customers with a mail:", len({to for to, _ in world.mails()}), "· mails:", len(world.mails()))
print("jobs:", r.llen("jobs"), "· retry:", r.zcard("retry"), "· dead:", r.zcard("dead"))

# %% [markdown]
# Each customer got one mail, and nobody at the shop had to do anything about the provider: this is what retries are for.
# Nothing waits any more. Two jobs are left, for a person:

# %%
for raw in r.zrange("dead", 0, -1):
    dead = json.loads(raw)
    print(dead.get("id", dead.get("text")), "· attempts:", dead["attempts"], "·", dead["reason"])
    print("   from the first to the last:", round((dead["last"] - dead["first"]) / 60), "minutes")

# %% [markdown]
# The malformed one cost a single attempt. The invoice was tried ten times, over the minutes printed: long enough for many an
# outage to pass, and the other 200 did not have to wait for it. The reason says what to mend. Somebody does, and *redrives*
# the job:

# %%
def invoice(args):
    return 4900 / max(args["items"], 1)


print("redriven:", redrive(r, "invoice-7"), "· in jobs:", json.loads(r.lindex("jobs", 0)))
work_on({"mail": mail, "invoice": invoice}, random.Random(13))
print("jobs:", r.llen("jobs"), "· retry:", r.zcard("retry"), "· dead:", r.zcard("dead"))

# %% [markdown]
# ## What the real ones do
#
# **Sidekiq** keeps what you keep: a sorted set `retry`, a sorted set `dead`, the count in the job. Its delay before retry
# number `count` (which it counts from 0) is `count⁴ + 15` seconds plus jitter. Until the end of 2024 the jitter was a
# number below 10, times `count + 1`; since then it is a number below `10 · (count + 1)`. Here 200 jobs have failed together
# for the tenth time:

# %% tags=["system:sidekiq"]
def sidekiq_until_2024(count, rng):
    return count**4 + 15 + rng.randrange(10) * (count + 1)


def sidekiq_now(count, rng):
    return count**4 + 15 + rng.randrange(10 * (count + 1))


for formula in (sidekiq_until_2024, sidekiq_now):
    due = Counter(formula(9, random.Random(seed)) for seed in range(200))
    print(f"{formula.__name__:18} {len(due):2} different seconds · fullest {max(due.values())}")

# %% [markdown]
# The old formula looked jittered and had ten possible values, at every count; the herd came in ten herds. A user noticed,
# and sent the change. The first five delays, in seconds, and the sum of all 25:

# %% tags=["system:sidekiq"]
rng = random.Random(13)
delays = [sidekiq_now(count, rng) for count in range(25)]
print("before retry 1 to 5:", delays[:5], "· all 25 retries:", round(sum(delays) / 86400), "days")

# %% [markdown]
# Three weeks: long enough for a bug to be found and mended, and its jobs then heal by themselves. After the last retry the
# job goes to `dead`, which keeps 10,000 jobs, for six months; older ones are deleted. Malformed JSON goes there at once.
#
# Its scheduler, the *poller*, takes one due job at a time, by a script that finds and removes it in one step. So two
# pollers never get the same one. Then it pushes it:

# %% tags=["system:sidekiq"]
POP = """
local due = redis.call('ZRANGE', 'retry', '-inf', ARGV[1], 'BYSCORE', 'LIMIT', 0, 1)
if due[1] then redis.call('ZREM', 'retry', due[1]) end
return due[1]
"""


# %% tags=["system:sidekiq"]
def sidekiq_poll(r, now):
    moved = 0
    while (raw := r.eval(POP, 0, now)) is not None:
        r.lpush("jobs", raw)
        moved += 1
    return moved


judge("13.2", sidekiq_poll, expect="lost")

# %% [markdown]
# Between the two the job is only in the poller's memory: a process killed there loses it, one at most. (The paid edition
# has a reliable scheduler.) In your `move_due` there is no such moment.
#
# | system | delay before a retry | attempts by default | then |
# |---|---|---|---|
# | Sidekiq | count⁴ + 15 s + jitter | 25 retries, about three weeks | dead set, 10,000 jobs or six months |
# | Dramatiq | 15 s · 2ⁿ, times a number between 1 and 2; at most 7 days | 20 retries | a dead letter queue, for 7 days |
# | Celery | 180 s; with automatic retries and backoff 2ⁿ s up to 600 s, drawn from the whole span | 3 retries | the task has failed |
# | RQ | a list of intervals that you give | none, unless you ask | a registry of failed jobs, for a year |
# | Resque | none in its core | none | the list of failed jobs |
#
# ## When to choose this
#
# Retry what may pass: a time-out, a refused connection, a lock. A bug or a malformed job only costs attempts, so if your
# handler *knows* that trying again is useless (the order was cancelled, the address does not exist), let it say so and bury
# the job at once. Choose the cap by how late is too late: a password mail after an hour helps nobody, an invoice after a
# day is fine. Look at the dead set every day; a dead set that nobody reads is a slow way to lose jobs. And remember what a
# retry is: the handler runs *again*, also when it had charged the card and failed only afterwards. What makes that harmless
# is lab 16.

# %%
score()

# %% [markdown]
# ## Recall
#
# 1. A worker sleeps 15 seconds before it tries again. Who pays for that?
# 2. Why did the mails leave later with doubling delays than with steady ones?
# 3. Why must the jitter come after the cap, and not before it?
# 4. Two schedulers, one due job: which reply of Redis tells the late one that it is late, and why does asking it not
#    suffice?
# 5. Name two ways in which a cron job fires twice, and one in which it does not fire.
# 6. What can a script do that a transaction without WATCH cannot?
# 7. Why does the count of attempts travel in the job?
# 8. A worker reports the failure of a job that was given to another worker. What must happen?
# 9. Why does a redriven job start with no attempts counted?
