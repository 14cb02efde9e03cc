# %% [markdown]
# # 11 · A task queue: do it later
#
# **You build** the queue that part 1 stands on: a job as data, the loop of a worker, and an enqueue that tells the truth when
# Redis does not answer.
#
# **Time** 50 minutes. **You need** Redis (running), and lab 00: a Redis list is a queue, pushed on the left, taken on the
# right. If you come here first, the recap is enough.
#
# **From the talk** a background job is a *unit of work to be done later*; its communication is *asynchronous*; the backend
# *encapsulates* that; and what the customer notices is the *response time*.
#
# <!-- budget: cells 85, because three exercises, three predictions, the shop before and after, and the commit each need cells -->
# <!-- budget: median 5, because nearly every demonstration is a small experiment: set up, let it happen, look -->

# %% [markdown]
# ## Recap
#
# 1. One shop, one program: the *monolith*. A *checkout* charges the card, writes an invoice and mails a confirmation.
# 2. Redis is a server that keeps lists, among other things. `LPUSH` puts on the left, `RPOP` takes from the right.
# 3. So the oldest stands on the right, and each element is taken by exactly one worker.
# 4. Redis runs commands one after another: between two clients there is always an order, inside a command there is nobody else.
# 5. A *worker* is a process of its own, on the same machine or another, that shares nothing with the checkout but Redis. In Python
#    it talks to it through the package *redis-py* (`import redis`).

# %%
import json
import sqlite3
import time

import redis

from workbook import check, exercise, figures, happened, judge, open_lab, predict, score
from workbook.proxy import lost_reply

lab = open_lab("11")
r, world = lab.redis, lab.world

# %% [markdown]
# `lab.redis` is an ordinary `redis.Redis` client on an empty database that belongs to this notebook alone. `lab.world` is the
# world outside of the shop: it charges cards and sends mails, and nothing takes them back.
#
# ## The checkout that does it all
#
# Two things follow a charge. An invoice takes a moment of computing. A mail goes through a provider, somebody else's
# service: usually quick, every tenth time slow, and now and then it is down. (The two `sleep`s stand for this work.)

# %%
class MailProvider:
    up, calls = True, 0

    def send(self, order):
        if not self.up:
            raise ConnectionError("the mail provider does not answer")
        self.calls += 1
        time.sleep(0.06 if self.calls % 10 == 0 else 0.003)
        world.mail(f"customer of order {order}", "Thank you")


# %%
provider = MailProvider()


def mail(args):
    provider.send(args["order"])


def invoice(args):
    time.sleep(0.002)


# %% [markdown]
# The checkout of the monolith does one after the other. A real one has more steps; none would change what follows.

# %%
def checkout_inline(order):
    world.charge(f"order {order}", 4900)
    invoice({"order": order})
    mail({"order": order})
    return "thank you"


world.forget()
checkout_inline(1), world.charges(), world.mails()

# %% [markdown]
# It works. Let 100 customers check out, one after another, and note how long each of them waits. `pXX` is the time that XX in
# a hundred do not exceed: half of the customers wait longer than p50, and one in a hundred longer than p99.

# %%
def response_times(checkout):
    times = []
    for order in range(1, 101):
        begun = time.perf_counter()
        checkout(order)
        times.append(1000 * (time.perf_counter() - begun))
    return times


inline = response_times(checkout_inline)

# %% tags=["measured"]
print("inline, ms:", *[f"p{p} {figures.percentile(inline, p):.1f}" for p in (50, 95, 99)])

# %% [markdown]
# One customer in ten waits for somebody else's slow moment, and it is these who complain. An average would hide them. The
# customer does not even need the mail in order to go on: that the card was charged is all that the page has to say.
#
# Now the provider is down. Five customers check out; whoever gets an exception sees an error page.
#
# **Predict first.** Three numbers, as in `7, 7, 7`: how many of the five are thanked, how many cards are charged, how many mails are
# sent?

# %%
predict(
    "11.p1",
    ### BEGIN SOLUTION
    0, 5, 0,
    ### END SOLUTION
)

# %%
def five_customers(checkout):
    world.forget()
    for order in range(1, 6):
        try:
            yield checkout(order)
        except ConnectionError as error:
            yield f"error: {error}"


# %%
provider.up = False
pages = list(five_customers(checkout_inline))
provider.up = True
print(pages[0], "· charged:", world.charges())
happened("11.p1", pages.count("thank you"), len(world.charges()), len(world.mails()))

# %% [markdown]
# The worst of both worlds: five customers have paid and were told that it failed. Some of them try again, and pay twice. A
# service that the checkout could do without has taken the checkout down, because the checkout *waits* for it. With three such
# services, each up 99 % of the time, the checkout is up 97 %.
#
# ## A job is data
#
# So the mail has to be done *later*, by somebody else. What the checkout leaves behind for them is a *job*: a unit of work to
# be done later. The other process shares no memory with the checkout, may run another version of the program, maybe another
# language. What it gets is bytes. So a job says in plain data *what* to do (a name) and *with what* (arguments), and has an
# id, by which it is found again. In this part of the workbook a job is JSON:

# %% tags=["teaches"]
def job(name, args, id):
    """A job as it stands in the queue: JSON, in bytes. Raises TypeError or ValueError for what JSON cannot say."""
    return json.dumps({"id": id, "name": name, "args": args}, allow_nan=False).encode()


# %%
job("invoice", {"order": 7}, "invoice-7")

# %% [markdown]
# The job names the order and does not contain it. Whoever does the job reads the order when the time has come, as it is then;
# a copy would be as old as the job. Some things JSON cannot say, a set for instance:

# %%
try:
    job("stock", {"count": {"tea", "cups"}}, "stock-7")
except TypeError as error:
    print("TypeError:", error)

# %% [markdown]
# Times and exact decimals it cannot say either. That is annoying, and the annoyance has a well-known cure: `default=str` turns
# everything unknown into a text. Here it is in an enqueue. `judge` has this function run by the check of the exercise below, on
# the real Redis, and shows its verdict; read it from the top: what was seen, the *witness*, the property that must hold. `expect`
# says which verdict belongs here; it changes nothing in it.

# %%
def naive_enqueue(r, name, args, id):
    r.lpush("jobs", json.dumps({"id": id, "name": name, "args": args}, default=str))
    return id


judge("11.1", naive_enqueue, expect="changed")

# %% [markdown]
# The worker gets a text that once was a time, and finds out when it computes with it: next week, in another process, with a
# traceback that does not show who enqueued it. `TypeError` in the checkout was the friendlier message.
#
# `job` does without `default`, and so it refuses all of these. But there is a second group, which JSON does not refuse. It *changes*
# them, and says nothing:

# %%
json.loads(job("label", {"size": (40, 60), "boxes": {7: 2}}, "label-7"))["args"]

# %% [markdown]
# The tuple has become a list, and the key 7 a text, so that the worker's `args["boxes"][7]` is a `KeyError`. Infinity and NaN are
# a third group: Python writes and reads them, JSON has no such numbers, and no worker in another language can read them;
# `allow_nan=False` in `job` refuses them.
#
# ### Exercise 11.1: enqueue
#
# Write `enqueue`. It pushes the job on the left of the list `jobs`, as JSON with exactly the keys `id`, `name` and `args`, and
# returns the job's id. `name` and `id` are texts, `args` is a dict. The promise: **the worker reads exactly the `args` that were
# given, or `enqueue` raises** `TypeError` or `ValueError`, and then nothing is in Redis, nor was it
# there for a moment. What JSON can say (texts, numbers,
# `True`, `False`, `None`, lists and dicts of them with texts as keys) must not be refused. Killed at any moment, `enqueue`
# leaves the whole job in the list, or nothing. You may use `job`.
#
# Stuck? `from workbook import hint, reveal`, then `hint("11.1")`, `hint("11.1", 2)`; `reveal("11.1")` prints one possible
# answer and counts the exercise as seen, not as solved. The lab goes on either way.

# %% tags=["teaches"]
@exercise("11.1")
def enqueue(r, name, args, id):
    """Queue the job `id`: `name`, with the dict `args`. Returns `id`.

    Raises TypeError or ValueError, and queues nothing, when a worker would not read exactly these `args`.
    """
    ### BEGIN SOLUTION
    raw = job(name, args, id)
    if json.loads(raw)["args"] != args:
        raise ValueError(f"JSON would change the arguments of {id}: {args!r}")
    r.lpush("jobs", raw)
    return id
    ### END SOLUTION


# %%
enqueue = check("11.1")

# %% [markdown]
# ## The other side
#
# Somebody has to do the jobs: a *worker*, a process with a loop. It knows a function for each name, its *handlers*; `mail` and
# `invoice` above have the right shape already, they take the `args` of a job. The first loop that comes to mind:

# %%
def naive_loop(r, handlers):
    while (raw := r.rpop("jobs")) is not None:
        todo = json.loads(raw)
        handlers[todo["name"]](todo["args"])


judge("11.2", naive_loop, expect="YOUR CODE RAISED")

# %% [markdown]
# `not json` is not a job. It does not matter who put it there, somebody will: a version of the checkout that knows a job which
# this worker does not know yet, a handler that divides by zero. Here one such element ended the worker. Then the process is
# started again, and the next bad element ends it again. This one is gone, because `RPOP` had taken it, and nobody will ever hear of
# it. All good jobs behind it wait. One bad job may cost that job, not the others, and somebody must be able to see which it was.
#
# ### Exercise 11.2: the worker's loop
#
# Write `work_off`. It does the jobs in `jobs`, oldest first, until none is left, those that come in meanwhile too, and
# returns how many were done. Doing a job means: the handler of its name is called with its `args`, as one argument. Each
# element is a job to do, also one whose id was there before (dropping a second copy is lab 16).
#
# A job that cannot be done, for whatever reason of its own (it is empty or no JSON, it is no job, its name is unknown, its
# handler raises an `Exception`), is put on the left of the list `failed`, and the loop goes on. There it is JSON again: `{"job": its text,
# "reason": what was wrong}`, the reason with the exception's kind and message, the text as `raw.decode(errors="replace")` gives it.
#
# Several workers may run at once: each job is done by one of them. And when no job can be taken because Redis cannot be reached,
# that is no job's fault: redis-py's exception (a `redis.RedisError`; not Python's own `ConnectionError`, which a handler may raise
# as any other) comes out of `work_off`, and `failed` gets nothing. When it is a *handler* that uses Redis in vain, either is fine.
# (A worker that is *killed* in the middle of a job may lose it here. That is lab 15.)

# %% tags=["teaches"]
@exercise("11.2")
def work_off(r, handlers):
    """Do the jobs in `jobs`, oldest first, until none is left; returns how many were done.

    handlers: name -> function(args). What cannot be done goes to the list `failed`, as JSON with `job` and `reason`.
    Raises what redis-py raises when Redis cannot be reached.
    """
    ### BEGIN SOLUTION
    done = 0
    while (raw := r.rpop("jobs")) is not None:
        try:
            todo = json.loads(raw)
            handlers[todo["name"]](todo["args"])
            done += 1
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            r.lpush("failed", json.dumps({"job": raw.decode(errors="replace"), "reason": reason}))
    return done
    ### END SOLUTION


# %%
work_off = check("11.2")

# %% [markdown]
# Good jobs and a bad one, seen once with your own eyes:

# %%
lab.again()
enqueue(r, "mail", {"order": 7}, "mail-7")
enqueue(r, "ship", {"order": 7}, "ship-7")
enqueue(r, "mail", {"order": 8}, "mail-8")
done = work_off(r, {"mail": mail, "invoice": invoice})
print(done, "done:", [to for to, _ in world.mails()])
print("failed:", json.loads(r.lindex("failed", 0))["reason"])

# %% [markdown]
# `lab.again()` begins a new experiment: Redis and the outside world are empty again.
#
# ## The same shop, with a queue
#
# The checkout again. It does what cannot wait, and hands the rest to `later`. What `later` is, it does not know.

# %%
def checkout(order, later):
    world.charge(f"order {order}", 4900)
    later("invoice", {"order": order}, f"invoice-{order}")
    later("mail", {"order": order}, f"mail-{order}")
    return "thank you"


# %% [markdown]
# Two backends for it. The first is the queue. The second does every job on the spot, as a test of the checkout would want it.
# `checkout`, `mail` and `invoice` are the same for both, and in none of them stands a word about Redis: the *backend*
# encapsulates that the communication is asynchronous. This is why job libraries are so pleasant to use, and why it is easily
# forgotten what is behind them.

# %% tags=["talk:backend-encapsulates"]
handlers = {"mail": mail, "invoice": invoice}
queue = lambda name, args, id: enqueue(r, name, args, id)
on_the_spot = lambda name, args, id: handlers[name](args)
for later in (on_the_spot, queue):
    lab.again()
    print(checkout(1, later), "· mails:", len(world.mails()), "· jobs:", r.llen("jobs"))

# %% [markdown]
# Now the 100 customers, with the queue:

# %%
lab.again()
queued = response_times(lambda order: checkout(order, queue))
print("charged:", len(world.charges()), "· mails:", len(world.mails()), "· jobs waiting:", r.llen("jobs"))

# %% tags=["figure", "measured"]
pairs = figures.response_times(inline, queued, "What a customer waits for", names=("inline", "queue"))
print(pairs.table())
pairs

# %% tags=["talk:response-times"]
for p in (50, 95):
    fell = figures.percentile(queued, p) < figures.percentile(inline, p)
    print(f"p{p} fell:", "yes" if fell else "no")

# %% [markdown]
# The customer waits for the charge and for two pushes to Redis. What the mail provider does
# has left the picture, its slow moments too: p95 and p99 gain the most. The work has not become less. It waits, and a worker
# does it now. `lab.run` calls a function in a process of its own, waits for its end (at most `within` seconds) and gives what it
# returned as `.value`. What the function uses from the notebook, here `provider` and `world`, is copied into that process; `r` is
# connected anew.

# %% tags=["talk:job-later"]
outcome = lab.run(work_off, r, handlers, name="worker 1", within=30)
print("done by the worker:", outcome.value, "· mails:", len(world.mails()), "· jobs waiting:", r.llen("jobs"))

# %% [markdown]
# And the day on which the provider is down? Checkout and mailing need not be up at the same time: this is what *asynchronous*
# buys. The queue is in between and keeps what one has said until the other listens.

# %% tags=["talk:async-communication"]
provider.up = False
lab.again()
pages = list(five_customers(lambda order: checkout(order, queue)))
print("thanked:", pages.count("thank you"), "· charged:", len(world.charges()), "· jobs waiting:", r.llen("jobs"))
provider.up = True
print("done, when it is up again:", work_off(r, handlers), "· mails:", len(world.mails()))

# %% [markdown]
# Here the worker came to work after the provider was up again. Had it come before, the five mails would be in `failed` now, and
# somebody would have to bring them back: trying again later is lab 13.
#
# ## Enqueue and commit
#
# The shop has a database of its own, and there a trap waits. Orders are stored in a *transaction*: others see it when it is
# committed, and never if it is rolled back. The queue knows nothing of transactions: a job is there for everybody at once.

# %%
SHOP = str(lab.folder / "shop.db")


def shop():
    db = sqlite3.connect(SHOP, isolation_level=None)  # no transaction but those that we begin
    db.execute("CREATE TABLE IF NOT EXISTS orders (number INTEGER PRIMARY KEY, customer TEXT)")
    return db


db = shop()

# %% [markdown]
# Two handlers, as a shop has them. `bill` gets the number and looks the order up. `greet` has been given all that it needs, and
# looks nothing up.

# %%
def bill(args):
    found = shop().execute("SELECT customer FROM orders WHERE number = ?", (args["order"],)).fetchone()
    if found is None:
        raise LookupError(f"order {args['order']} not found")
    world.mail(found[0], "Your invoice")


def greet(args):
    world.mail(args["to"], "Thank you for your order")


handlers |= {"bill": bill, "greet": greet}

# %% [markdown]
# Three orders, and in each the two steps, *enqueue* and *commit*, stand differently to each other:
#
# - order 7: enqueue `bill`, then a worker runs, then the commit
# - order 8: enqueue `greet`, then the transaction is rolled back (the card was declined), then a worker runs
# - order 9: first the commit; the process is killed (SIGKILL) right before its push
#
# **Predict first.** Three numbers again: invoices mailed for order 7; mails thanking for order 8, which does not exist; jobs in the queue
# for order 9, which does exist.

# %%
predict(
    "11.p2",
    ### BEGIN SOLUTION
    0, 1, 0,
    ### END SOLUTION
)

# %%
lab.again()
db.execute("DELETE FROM orders")
db.execute("BEGIN")
db.execute("INSERT INTO orders VALUES (7, 'Ada')")
enqueue(r, "bill", {"order": 7}, "bill-7")
work_off(r, handlers)
db.execute("COMMIT")
print("invoices for order 7:", invoices := len(world.mails()), "· failed:", json.loads(r.lindex("failed", 0))["reason"])

# %% [markdown]
# The job was there before its order: the worker was quicker than the commit. A second later the order is there, and the job has
# failed. In
# production this happens to a job now and then, on busy days, and nobody can reproduce it. Now order 8:

# %%
lab.again()
db.execute("BEGIN")
db.execute("INSERT INTO orders VALUES (8, 'Grace')")
enqueue(r, "greet", {"order": 8, "to": "Grace"}, "greet-8")
db.execute("ROLLBACK")
work_off(r, handlers)
ghosts = world.mails()
print("thanked:", ghosts, "· orders in the shop:", db.execute("SELECT number FROM orders").fetchall())

# %% [markdown]
# A *ghost job*: Grace is thanked for an order that the shop does not know. The database takes back what it did; the push to
# Redis is not part of that. Neither can happen to who enqueues *after* the commit. Order 9 does, and `fault` has its
# process killed right before its push:

# %%
def place(r, order, customer):
    shop().execute("INSERT INTO orders VALUES (?, ?)", (order, customer))  # commits by itself
    enqueue(r, "bill", {"order": order}, f"bill-{order}")


db.execute("DELETE FROM orders WHERE number > 7")
lab.run(place, r, 9, "Alan", name="checkout", fault="kill before LPUSH")
print("orders:", db.execute("SELECT number FROM orders").fetchall(), "· jobs:", r.llen("jobs"))
happened("11.p2", invoices, len(ghosts), r.llen("jobs"))

# %% [markdown]
# The order is there and nobody will ever bill it. After the commit is better than before it: a crash in just this moment is
# rarer than a quick worker. It trades two mistakes for a rarer one. Between two systems there is always a moment in which one has it and the other
# has not. What closes it, the *outbox*, stores the job in the same database and the same transaction as the order: lab 43.
#
# Sidekiq offers *after the commit* as an option: its client gives the job an id at once, keeps it, and pushes when the transaction
# has been committed; after a rollback it pushes nothing.

# %% tags=["system:sidekiq"]
for number, end in ((10, "ROLLBACK"), (11, "COMMIT")):
    kept = []
    db.execute("BEGIN")
    db.execute("INSERT OR REPLACE INTO orders VALUES (?, 'Linus')", (number,))
    kept.append(("bill", {"order": number}, f"bill-{number}"))
    db.execute(end)
    pushed = [enqueue(r, *one) for one in kept if end == "COMMIT"]
    print(f"order {number}:", end, "· pushed:", pushed)

# %% [markdown]
# ## When Redis does not answer
#
# The queue has taken the provider's place: now the checkout waits for Redis. A push is quick, as you saw,
# except when it is not. What redis-py (8.1 here) does then is settled by two defaults:

# %%
usual = redis.Redis(**lab.redis_at)
options = usual.connection_pool.connection_kwargs
print("waits for an answer:", options["socket_timeout"], "s · asks again:", usual.get_retry().get_retries(), "times")

# %% [markdown]
# Eleven attempts of five seconds: with Redis standing still, your customer looks at an empty page for about a minute. And
# asking again is worse than slow. Here Redis carries out a push, and the connection breaks before its answer arrives;
# `lost_reply` is a proxy that does this once.

# %%
lab.again()
with lost_reply("redis", lose="LPUSH") as proxy:
    over_it = redis.Redis(**{**lab.redis_at, "host": proxy.host, "port": proxy.port})
    over_it.lpush("jobs", job("mail", {"order": 7}, "mail-7"))
[json.loads(raw)["id"] for raw in r.lrange("jobs", 0, -1)]

# %% [markdown]
# One call, which returned normally, and the job is there twice: redis-py could not know, and asked again. So a checkout wants
# a client that gives up soon and asks once:

# %% tags=["teaches"]
def impatient(redis_at, seconds=0.5):
    """A Redis client that waits `seconds` for a connection or an answer, and never sends a command a second time."""
    once = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
    return redis.Redis(**redis_at, socket_timeout=seconds, socket_connect_timeout=seconds, retry=once)


# %% [markdown]
# It raises when half a second has passed. What is then true? That is worth an experiment. *Frozen* can mean three things:
#
# 1. *open*: the connection is open, and the process of Redis is stopped (SIGSTOP; a suspended virtual machine looks the same)
# 2. *closed*: the same, but the client has no connection yet; it connects while Redis stands still
# 3. *paused*: the process runs, and holds back all writes, as it is told to (`CLIENT PAUSE`) when another server is about to take over its
#    work, a planned *failover*
#
# Each time `LPUSH` raises `TimeoutError` after half a second. The client closes its connection and goes away; then Redis goes on.
#
# **Predict first**: is the job in the list in the end? Three times `True` or `False`, with commas between them.

# %%
predict(
    "11.p3",
    ### BEGIN SOLUTION
    True, False, False,
    ### END SOLUTION
)

# %% [markdown]
# This reaches everybody who uses the server, so it happens on the *crash-test* Redis, which is there to be broken. A `corner` is an
# empty place on it: `corner.redis` is a client, `corner.broker` the server's process, and `corner.until(…)` waits until
# something is true.

# %%
def freeze(corner, how):
    if how == "paused":
        corner.redis.client_pause(60_000, all=False)  # writes only, for a minute at most
    else:
        corner.broker.pause()


# %% [markdown]
# Redis goes on, and the list is looked into. Not at once, but when Redis has noticed that the client is gone; by then it has read
# everything that the client ever sent. A paused Redis still reads, so it notices before it goes on; a stopped one cannot.

# %%
def go_on_and_look(corner, how):
    if how != "paused":
        corner.broker.resume()
    corner.until(lambda: len(corner.redis.client_list()) == 1)  # only the one that asks
    corner.redis.client_unpause()
    return corner.redis.delete("jobs") == 1


# %% [markdown]
# And the experiment: connect, freeze, push, close, go on. `push` is what is done meanwhile.

# %%
def push_into_frozen(corner, how, push):
    client = impatient(corner.redis_at)
    if how != "closed":
        client.ping()  # opens the connection
    freeze(corner, how)
    told = push(client, job("mail", {"order": 7}, "mail-7"))
    client.close()
    return told, go_on_and_look(corner, how)


# %%
def plain_push(client, raw):
    try:
        return f"returned {client.lpush('jobs', raw)}"
    except redis.RedisError as error:
        return f"raised {type(error).__name__}"


# %% tags=["system:redis"]
with lab.crash_test("redis") as corner:
    seen = {how: push_into_frozen(corner, how, plain_push) for how in ("open", "closed", "paused")}
for how, (told, found) in seen.items():
    print(f"{how:7} {told} · in the list: {found}")
happened("11.p3", *[found for _, found in seen.values()])

# %% [markdown]
# Three times the same exception, and not the same truth. With *open* the push had been delivered, to the operating system of
# Redis's machine: it waited there like a letter in a letterbox. Redis read it after its sender had given up and told the
# customer that it had not worked. With *closed* the connection seemed to be made (by the operating system, again), but redis-py
# first introduces itself and waits for an answer; the push was never sent. With *paused* Redis had read the push and not yet
# run it, and drops what belongs to a client that has gone.
#
# **An exception does not say that nothing has happened.** It says that no answer came. So there are three outcomes, not two:
#
# | word | what is known |
# |---|---|
# | accepted | Redis has answered that it has the job |
# | refused | the job is not in Redis, and will not come: Redis answered with an error, or it could not have left at all |
# | unknown | it may be there, it may still come, or never |
#
# The caller acts on them. After *accepted* it thanks the customer. After *refused* it may send the same job elsewhere, or
# again, and be sure that there will be one. After *unknown* it must expect two, or none. That is costly, so *unknown* should
# not be said where more is known.
#
# In redis-py `redis.RedisError` is the root of all. Below it stand, among others, `ResponseError` (an error that Redis
# answered: out of memory, the wrong type, no permission), `TimeoutError` (no answer in time) and `ConnectionError` (no
# connection could be made, *or* one broke; both look alike). A few subclasses of `ConnectionError` are answers all the same: a
# wrong password, a Redis that is still loading its data (`BusyLoadingError`); whoever calls these *unknown* says too little,
# and nothing false. None of them is the built-in exception of the same name. And *no connection yet* is the usual state of a
# new client: the first command opens it.
#
# ### Exercise 11.3: enqueue, and tell the truth
#
# Write `enqueue_truthfully`. It pushes `raw` on the left of `jobs` and returns one of the three words; it raises nothing of
# redis-py's. `r` is an impatient client, connected or not. Say *accepted* only if Redis has it, *refused* only if it is
# certain that it will never be there; say *refused*, not *unknown*, when Redis answered with an error, and when nobody listens at
# Redis's address, so that no connection can be made. One call pushes at most one job. Workers are waiting: what was pushed may be
# taken at once, so the list does not show whether it was ever there.

# %% tags=["teaches"]
@exercise("11.3")
def enqueue_truthfully(r, raw):
    """Push the job `raw` on the left of `jobs`, at most once, and say in a word what became of it.

    "accepted"  Redis has answered that it has the job
    "refused"   it is not there and will not come: Redis said no, or the job never left
    "unknown"   it left, and no answer came

    r: a client that gives up soon and never sends a command a second time, such as `impatient` makes.
    """
    ### BEGIN SOLUTION
    try:
        r.ping()  # as long as nobody answers this, nothing of the job has left
    except redis.RedisError:
        return "refused"
    try:
        r.lpush("jobs", raw)
    except redis.ResponseError:
        return "refused"
    except redis.RedisError:
        return "unknown"
    return "accepted"
    ### END SOLUTION


# %%
enqueue_truthfully = check("11.3")

# %% [markdown]
# Yours, on the frozen server, with the connection open. Which word it says depends on how you wrote it, whether it is true does not.

# %%
with lab.crash_test("redis") as corner:
    word, there = push_into_frozen(corner, "open", enqueue_truthfully)
print(word, "· in the list:", there, "· true:", word == "unknown" or (word == "accepted") == there)

# %% [markdown]
# An answer that first asks whether anybody is there pays one more trip to Redis, and gets *refused* where another says *unknown*.
# It cannot avoid *unknown* altogether: Redis can freeze between the question and the push. What to do after *unknown* is the
# subject of lab 16: push the same job again, with the same id, and let the queue drop the second.
#
# ## What the real ones do
#
# | system | a job is | enqueue writes |
# |---|---|---|
# | Resque | JSON: class and arguments | `RPUSH` to the queue's list, and the queue's name into a set, in one *pipeline* (commands sent together), which is no transaction |
# | Sidekiq | JSON: class, arguments, a random id (`jid`) | `LPUSH` to the queue's list, and the queue's name into a set |
# | RQ | a hash for each job | the hash, and its id into the queue's list |
# | Dramatiq | a JSON message in a hash | the message into the hash and its id into the list, in one *Lua script* (Redis runs it as one command) |
# | Celery on Redis | a whole message, headers and body | the message itself into a list |
#
# Where body and id are two keys, written one after the other, a crash between them would leave one without the other: whoever has two
# must write them as one. And all of them name a class, a function or a task of the program, which both sides must have. What
# happens when a deployment renames it is lab 21.
#
# ## When to choose this
#
# Choose a job for what the customer need not wait for, and what may happen a little later: mails, invoices, thumbnails, calls to
# other companies. Keep in the request what the answer depends on: whether the card was charged, whether the last one is still in
# stock. Price it before: a queue is one more server whose absence stops the checkout, results come late and somewhere else, and each
# job needs somebody to look after the failed ones. A call that takes two milliseconds and never fails is better left where it is.

# %%
score()

# %% [markdown]
# ## Recall
#
# 1. Which customers does an average hide, and which number shows them?
# 2. What can three services, each up 99 % of the time, do to a checkout that waits for all of them?
# 3. Why does a job carry an order's number and not the order?
# 4. Which values does JSON refuse, and which does it change in silence?
# 5. Which errors belong into `failed`, and which must come out of the worker's loop?
# 6. What is a ghost job, why can a worker not find the order of its job, and what can still go wrong when you enqueue after the commit?
# 7. A push raised `TimeoutError`. Name a situation in which the job is done all the same.
# 8. Why does an empty list not prove that a job was never there?
