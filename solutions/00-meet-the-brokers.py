# %% [markdown]
# # 00 · Meet the brokers: what is still there after a crash
#
# **You do** three things: look into Redis, RabbitMQ and Kafka; kill each of them with 2,000 orders inside and count what
# is left; and get to know the tools that you use in every later lab: predictions, histories, verdicts, hints.
#
# **Time** 20 minutes. **You need** all three brokers, running. You do not need to know any of them.
#
# **From the talk** no point of its own: this lab sets the table for all of them.
#
# <!-- budget: cells 65, because each of four crashes, four predictions and seven verdicts has a cell of its own -->
#
# ## Recap
#
# Nothing to recall yet, so here is the story.
#
# 1. One shop. Customers place orders; the shop charges cards and sends mails.
# 2. Work that need not happen at once is handed to a *broker*: a server that keeps it until somebody takes it.
# 3. Who hands over is the *producer*, who takes is the *consumer*, or *worker*.
# 4. The broker *accepts* an order by answering that it has it. From then on the producer relies on it.
# 5. Every lab asks the same question: what was accepted, something failed, *what can be found now*?
#
# Run the cells from the top, one by one: `Shift` + `Enter`.

# %%
import os
import signal
from itertools import islice

import kafka
import pika

from workbook import brokers, check, exercise, figures, happened, hint, judge, open_lab, predict, score
from workbook.anomalies import Ledger, find_anomalies, find_lost

lab = open_lab("00")

# %% [markdown]
# `open_lab` gives this notebook an empty *corner* of each broker, which no other notebook sees: a Redis database, a RabbitMQ
# virtual host, names for Kafka topics.
#
# ## What runs where
#
# Three real servers run for you, on ports that were free when they were started. Each line names one, its version, its
# address, and whether it answers. Lines that say *crash-test* are servers of the same kinds for breaking, which come in later.

# %% tags=["measured"]
print(*brokers.status(), sep="\n")

# %% [markdown]
# In a terminal, `python3 -m workbook status` prints the same; `python3 -m workbook doctor` says what to do when a line does
# not end in *answers*. You never type an address into a notebook: `lab` knows them.
#
# Now hand three orders to each broker, read them, and count what is left. The clients are those that you use at work:
# `redis`, `pika` (for RabbitMQ) and `kafka-python`.
#
# ### Redis: a list
#
# Redis keeps data structures in memory. A queue is a list: `LPUSH` puts on the left, `RPOP` takes from the right.

# %% tags=["system:redis"]
r = lab.redis
r.delete("orders")
r.lpush("orders", "order 1", "order 2", "order 3")
print("there:", r.llen("orders"))
print("read:", [r.rpop("orders").decode() for _ in range(3)], "left:", r.llen("orders"))

# %% [markdown]
# The order pushed first comes out first, and taking it removes it.
#
# ### RabbitMQ: a queue
#
# You talk to RabbitMQ through a *channel*. `confirm_delivery` makes the broker answer each publish: `basic_publish` returns
# when the message is accepted, and raises when it is not. Its first argument, the *exchange*, is empty here: the message goes
# straight into the queue that the second one names. A *passive* declaration only asks about a queue that is there.

# %% tags=["system:rabbitmq"]
channel = lab.connect().channel()
channel.confirm_delivery()
queue = lab.name("orders")
channel.queue_declare(queue, durable=True)
for n in (1, 2, 3):
    channel.basic_publish("", queue, f"order {n}")
print("there:", channel.queue_declare(queue, passive=True).method.message_count)

# %% [markdown]
# Reading takes two steps here. `basic_get` hands you a message, and the broker keeps it until you *acknowledge* it with
# `basic_ack`. What can happen between the two is a large part of this course.

# %%
read = []
for _ in range(3):
    method, _, body = channel.basic_get(queue)
    read.append(body.decode())
    channel.basic_ack(method.delivery_tag)
print("read:", read, "left:", channel.queue_declare(queue, passive=True).method.message_count)

# %% [markdown]
# ### Kafka: a log
#
# Kafka keeps a *log*: records are appended, each at the next *offset*, and stay. A named log is a *topic*, cut into
# *partitions*; ours has one. `flush` returns when the broker has answered for all three.

# %% tags=["system:kafka"]
topic = lab.topic("orders")
with kafka.KafkaProducer(bootstrap_servers=lab.bootstrap) as producer:
    for n in (1, 2, 3):
        producer.send(topic, f"order {n}".encode())
    producer.flush()

# %% [markdown]
# A consumer reads from an offset of its choice, here from the earliest one to the end of the log.

# %%
def look(topic, bootstrap):
    start = {"auto_offset_reset": "earliest", "consumer_timeout_ms": 10_000}
    with kafka.KafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=None, **start) as consumer:
        partition = kafka.TopicPartition(topic, 0)
        end = consumer.end_offsets([partition])[partition]
        return [record.value.decode() for record in islice(consumer, end)], end


read, end = look(topic, lab.bootstrap)
print("read:", read, "left:", end)

# %% [markdown]
# Read, and still there. Reading a log changes nothing in it: another consumer can read the same orders next week. Part 3 is
# about this difference.
#
# ## Kill the server
#
# Now each server dies with 2,000 accepted orders inside. It dies by SIGKILL: the operating system ends the process at once,
# with no chance to save anything. The servers that you share with other notebooks are never harmed; beside each of them
# stands a *crash-test* broker for this purpose. The next cell starts all three side by side, which takes some seconds the
# first time, and defines a crash: kill, start again with whatever is left on disk, wait until it serves a client.

# %%
def crash(broker):
    broker.kill()  # SIGKILL
    broker.start()
    broker.wait_ready()


lab.start_crash_tests("redis", "rabbitmq", "kafka")
print("three crash-test brokers are running")


# %% [markdown]
# And the count: is each accepted order found afterwards, once? `Ledger` holds both sides, and `find_anomalies` names every
# way in which they disagree. The checks of all labs judge with these two.

# %%
ORDERS = [f"order {n}" for n in range(1, 2001)]
left = {}


def count(name, found):
    left[name] = len(found)
    broken = find_anomalies(Ledger(accepted=ORDERS, found={name: found}), "order")
    print(f"{name}: {left[name]} of {len(ORDERS)} found", *[anomaly.line() for anomaly in broken], sep="\n  ")


# %% [markdown]
# ### Redis, twice
#
# Redis serves from memory, and has two ways to the disk. A *snapshot* writes everything into a file now and then: by default
# after 60 seconds with 10,000 changes, after 5 minutes with 100, after an hour with one. The *append-only file* takes down
# each change as it is made; with `appendfsync always` it is on the disk before the client is answered.
#
# The next function tells the same story with either setting: 1,000 orders, a snapshot (`SAVE` takes it at once), 1,000 more
# orders, each of them accepted, and the crash.
#
# **Predict first.** How many of the 2,000 orders are there after the crash? Read the function, then replace the `...` by two
# numbers: with snapshots only, with the append-only file. A prediction is sealed, never marked against you, and never holds you up. Make
# it all the same: a surprise is remembered much longer than a sentence.

# %%
def redis_after_crash(**settings):
    with lab.crash_test("redis", **settings) as private:
        for order in ORDERS:
            private.redis.lpush("orders", order)
            if order == "order 1000":
                private.redis.save()
        crash(private.broker)
        return [raw.decode() for raw in private.redis.lrange("orders", 0, -1)]


# %%
predict(
    "00.p1",
    ### BEGIN SOLUTION
    1000, 2000,
    ### END SOLUTION
)

# %% tags=["system:redis"]
count("Redis snapshots", redis_after_crash(appendonly="no", save="3600 1 300 100 60 10000"))
count("Redis append-only", redis_after_crash(appendonly="yes", appendfsync="always"))
happened("00.p1", left["Redis snapshots"], left["Redis append-only"])

# %% [markdown]
# Redis had answered every push, and all that came after the last snapshot is gone. Nothing is broken: Redis ships with
# `appendonly no`, which is right for a cache. A queue on such a Redis can lose up to an hour of accepted work.
#
# The other setting costs time, because each write waits for the disk. The usual middle way is `appendfsync everysec`, where
# a power cut takes about the last second. The shared Redis of this workbook runs that way.
#
# ### RabbitMQ, half and half
#
# In RabbitMQ each message says whether it shall survive: *persistent* is `delivery_mode` 2, *transient* is 1. The queue has
# to survive too, so it is *durable*. Here odd orders are persistent and even ones transient. They go into the same queue, a
# *classic* one, and the broker confirms each. `publish` fills the queue, `read_all` empties it. (`sync_log` makes the broker
# write down at once that the queue exists. By itself it does so within about two seconds, and a queue whose broker is killed
# before that can itself be missing afterwards. This is to be about its messages.)
#
# **Predict first**: how many of the 1,000 persistent orders are found after the crash, how many of the 1,000 transient ones?

# %%
def rabbitmq_after_crash():
    with lab.crash_test("rabbitmq") as private:
        channel = private.connect().channel()
        channel.queue_declare("orders", durable=True, arguments={"x-queue-type": "classic"})
        private.broker.ctl("eval", "mnesia:sync_log().")
        publish(private.connect().channel())
        crash(private.broker)
        return read_all(private.connect().channel())


# %%
def publish(channel):
    channel.confirm_delivery()
    for n, order in enumerate(ORDERS, 1):
        mode = pika.BasicProperties(delivery_mode=2 if n % 2 else 1)
        channel.basic_publish("", "orders", order, mode)


def read_all(channel):
    bodies = iter(lambda: channel.basic_get("orders", auto_ack=True)[2], None)
    return [body.decode() for body in bodies]


# %%
predict(
    "00.p2",
    ### BEGIN SOLUTION
    1000, 0,
    ### END SOLUTION
)

# %% tags=["system:rabbitmq"]
found = rabbitmq_after_crash()
count("RabbitMQ", found)
odd = sum(int(order.split()[1]) % 2 for order in found)
happened("00.p2", odd, len(found) - odd)

# %% [markdown]
# Look at the names of the lost: 2, 4, 6 … Not the last ones, as with Redis, but those marked as expendable. Both kinds were
# confirmed in the same way: *accepted* does not say for how long. And mind the default: without a `delivery_mode`, a message
# is transient. (A *quorum* queue, RabbitMQ's replicated kind, writes every message to disk whatever its mark.)
#
# ### Kafka, as it comes
#
# Kafka appends to files; being a log is all it does. No setting is changed here. The producer waits for the answer to each
# record with `get`.
#
# **Predict first**: how many of the 2,000 are found after the crash?

# %%
def kafka_after_crash():
    with lab.crash_test("kafka") as private:
        topic = private.topic("orders")
        with kafka.KafkaProducer(bootstrap_servers=private.bootstrap, acks="all") as producer:
            for sent in [producer.send(topic, order.encode()) for order in ORDERS]:
                sent.get(timeout=10)
        crash(private.broker)
        return look(topic, private.bootstrap)[0]


# %%
predict(
    "00.p3",
    ### BEGIN SOLUTION
    2000,
    ### END SOLUTION
)

# %% tags=["system:kafka"]
count("Kafka", kafka_after_crash())
happened("00.p3", left["Kafka"])

# %% [markdown]
# All of them. Side by side, as text and as a figure:

# %% tags=["figure"]
pairs = {name: {"accepted": len(ORDERS), "found": number} for name, number in left.items()}
title = "Orders before and after one SIGKILL of the server"
survivors = figures.bars(pairs, title, unit="orders", x="broker and setting")
print(survivors.table())
survivors

# %% [markdown]
# This compares settings, not products: each of the three can keep everything, and each can lose. And a killed process is the
# mild kind of crash. What it had given to the operating system is written later even so. Kafka, for one, answers before its records are on the
# disk; a power cut takes those, and
# against a lost machine only a copy on another machine helps.
#
# ## A worker dies: how to read a history
#
# Servers rarely die. Workers die every day: each deployment ends them. In this course a worker is a process of its own that
# can be killed at an exact step. Here is a very simple one. It takes orders and charges a card for each, in the *outside
# world*, which never forgets a charge.

# %%
def work(r, world):
    while (raw := r.rpop("orders")) is not None:
        world.charge(raw.decode(), 4900)


# %% [markdown]
# Three orders wait. `worker 1` is killed right before its second charge. Then `worker 2` does whatever is still in the list.
#
# **Predict first**: which orders are charged in the end? Put in their names, like `"order 1"`, with commas in between.

# %%
predict(
    "00.p4",
    ### BEGIN SOLUTION
    "order 1", "order 3",
    ### END SOLUTION
)

# %%
lab.again()  # the next experiment: empty database, new history, no charges
r.lpush("orders", "order 1", "order 2", "order 3")
first = lab.run(work, r, lab.world, name="worker 1", fault="kill before charge 2")
second = lab.run(work, r, lab.world, name="worker 2")
print("worker 1:", first.kind, "· worker 2:", second.kind)
happened("00.p4", *lab.world.charges())

# %% [markdown]
# Nobody paid `order 2`. Each worker writes down its steps, before and after each one, in a file that survives its death.
# Together these files are the *history* of the experiment: who did what, with which order.

# %%
for record in lab.history.records():
    told = [record.get(key, "") for key in ("who", "what", "phase", "id", "note")]
    print("{:9} {:7} {:6} {:8} {}".format(*told).rstrip())

# %% [markdown]
# Find the line with `fault`. Just before it, `worker 1` got `order 2` from its second `RPOP`, and Redis removed it from the
# list. Then the process was gone, and `order 2` with it. As a figure: one lane for each worker, time from left to right, a
# cross where the fault struck.

# %% tags=["figure"]
story = figures.timeline(lab.history.records(), title="worker 1 dies with order 2 in its hands", only=["RPOP", "charge"])
print(story.table())
story

# %% [markdown]
# And in a sentence. `find_lost` compares what was accepted with what is found, waiting or done; what is in neither is *lost*.
# The history supplies the *witness*: what happened to it, in order.

# %%
found = {"waiting": r.lrange("orders", 0, -1), "done": lab.world.charges()}
lost = find_lost(Ledger(["order 1", "order 2", "order 3"], found=found), "order", lab.history.records())
print(lost.line(), *lost.witness, sep="\n  ")

# %% [markdown]
# How a worker can die without losing anything is lab 15.
#
# ## How to read a verdict
#
# In an exercise you fill a blank, and `check` judges it: it runs your function in worker processes, on the real brokers, and
# looks at what is there afterwards. It says one of six words.
#
# | word | means |
# |---|---|
# | PASS | everything that must hold does |
# | WRONG | something that must hold does not: what was seen, the witness, a hint |
# | YOUR CODE RAISED | an exception came out of your function: your line, and what it was given |
# | NOT ATTEMPTED | the blank is still empty |
# | CANNOT TELL | too little happened to judge, and why |
# | BROKER DOWN | a server does not answer, and what to do about it |
#
# Exercise 00.1 asks for the smallest useful function of this course: `place(r, order)` puts an order into the Redis list
# `orders` and returns it. Before you write it, see others fail. `judge` is `check` for a version that is only to be looked
# at; `expect` names what it is there to show. The first one returns the order and does nothing else.

# %%
def forgets(r, order):
    return order


judge("00.1", forgets, expect="lost")

# %% [markdown]
# Read a WRONG from the top: the circumstances; the *anomaly* by its name, with its count and a witness; at the end the
# property that must hold. The names you will meet most are *lost*, *duplicated*, *phantom* (there, though never accepted),
# *reordered* and *stuck*. The next version is too eager.

# %%
def eager(r, order):
    r.lpush("orders", order)
    r.lpush("orders", order)  # to be on the safe side
    return order


judge("00.1", eager, expect="duplicated")

# %% [markdown]
# The next one gives Redis something that it cannot store. You get your own line back, and the call that led to it.

# %%
def raises(r, order):
    r.lpush("orders", {"id": order})
    return order


judge("00.1", raises, expect="YOUR CODE RAISED")

# %% [markdown]
# No function that you write can hang a check. A worker has a deadline, here of three seconds; then it is ended.

# %%
def never_returns(r, order):
    while r.llen("orders") == 0:
        pass  # waits for somebody else to begin


judge("00.1", never_returns, expect="WRONG")

# %% [markdown]
# A blank that nobody filled is no mistake, only open. The lab goes on without it.

# %%
def untouched(r, order):
    ...


judge("00.1", untouched, expect="NOT ATTEMPTED")

# %% [markdown]
# Sometimes a check must admit that it does not know. Here the worker's process is gone before it said anything, as when a
# machine runs out of memory. Was it the code, or the machine?

# %%
def vanishes(r, order):
    os.kill(os.getpid(), signal.SIGKILL)


judge("00.1", vanishes, expect="CANNOT TELL")

# %% [markdown]
# And sometimes it is the broker. This cell kills the crash-test Redis and has `forgets` judged on it. The function is as
# wrong as before, and gets no blame while its broker is down. (For a shared broker the advice is `python3 -m workbook up`.)

# %%
with lab.crash_test("redis") as private:
    private.broker.kill()
    judge("00.1", forgets, expect="BROKER DOWN", at=private)

# %% [markdown]
# The sixth word is yours.
#
# ### Exercise 00.1: place
#
# Put `order` into the list `orders`, once, and return it. The list is read from the right, by `RPOP` as above, and orders are
# to come out in the order in which they were placed. Two lines are enough. Each exercise has two or three hints; they name a
# property, never the answer. Ask like this:

# %%
hint("00.1")

# %% tags=["teaches"]
@exercise("00.1")
def place(r, order):
    """Put `order`, a text, into the Redis list `orders`, and return it."""
    ### BEGIN SOLUTION
    r.lpush("orders", order)
    return order
    ### END SOLUTION


# %%
place = check("00.1")

# %% [markdown]
# After a PASS `place` is your own function, otherwise the workbook's, so that a lab always runs to its end. Change your cell
# and run both cells again, as often as you like. `reveal("00.1")`, from `workbook`, prints one possible answer; the exercise
# then counts as seen, not as solved. `python3 -m workbook progress` shows where you are.
#
# ## What the real systems do
#
# - **Resque, Sidekiq, RQ and Celery** put their jobs into Redis with a push like yours. A job is then as durable as the Redis
#   that holds it, and Redis ships with snapshots only.
# - **RabbitMQ** leaves it to the publisher, message by message. Celery sets `delivery_mode` 2 for you; `pika` does not.
# - **Kafka** answers with `acks="all"` when every replica in sync has the record. In production there are three replicas,
#   and it is they that survive a lost machine. Ours has one.
#
# ## When to choose what
#
# It is too early to choose a broker, and early enough for the question to ask of each: *when it says accepted, what does it
# promise, and which setting decides that?* For a cache, snapshots do; for orders they do not. And for a status that is sent
# again every second a transient message is the better choice: nobody wants the old ones after a crash.

# %%
score()

# %% [markdown]
# ## Recall
#
# 1. Redis answered 2,000 pushes and had 1,000 orders after the crash. Which ones, and why those?
# 2. Which two things must be true for a message to survive a crash of RabbitMQ in a classic queue?
# 3. Three orders were read from each broker. Where were they afterwards, and what follows for a second reader?
# 4. What does *accepted* mean, and what does it not promise?
# 5. Why does killing a process show less than a power cut would?
# 6. `worker 1` was killed before its second charge. In which place was `order 2` at that moment?
# 7. Which verdict do you get for an empty blank, which for an exception, and which for a worker that ended without a word?
# 8. What is a witness, and where does it come from?
