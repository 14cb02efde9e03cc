# %% [markdown]
# # 00 · Meet the brokers: what is still there after a crash
#
# **You do** three things: look into Redis, RabbitMQ and Kafka; kill each of them with 2,000 orders inside and count what
# is left; and get to know the tools that you use in every later lab: predictions, histories, verdicts, hints.
#
# **Time** 15 minutes. **You need** all three brokers, running. You do not need to know any of them.
#
# **From the talk** no point of its own. This lab sets the table for all of them.

# %% [markdown]
# ## Recap
#
# Nothing to recall yet, so here is the story instead.
#
# 1. One shop. Customers place orders; the shop charges cards and sends mails.
# 2. Work that need not happen at once is handed to a *broker*: a server that keeps it until somebody takes it.
# 3. The one who hands over is the *producer*, the one who takes is the *consumer*. Often it is called a *worker*.
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
# `open_lab` gives this notebook a *corner* of each broker: an empty Redis database, a RabbitMQ virtual host, names for
# Kafka topics. No other notebook sees it. When you run the notebook again, it starts with nothing again.
#
# ## What runs where
#
# Three real servers run on your machine. They listen on this machine only, on ports that were free when they were started.
# Each line below names a server, its version, its address, and whether it answers.

# %% tags=["measured"]
print(*brokers.status(), sep="\n")

# %% [markdown]
# In a terminal, `python3 -m workbook status` prints the same, and `python3 -m workbook doctor` says what to do when a line
# does not end in *answers*. You never type an address into a notebook: `lab` knows them.
#
# Now hand three orders to each broker, read them, and count what is left. You do it with the client libraries that you
# use at work: `redis`, `pika` (for RabbitMQ) and `kafka-python`.
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
# RabbitMQ has queues as such. You talk to it through a *channel*. `confirm_delivery` makes the broker answer each publish,
# so that `basic_publish` returns when the message is accepted and raises when it is not.

# %% tags=["system:rabbitmq"]
channel = lab.connect().channel()
channel.confirm_delivery()
queue = lab.name("orders")
channel.queue_declare(queue, durable=True)
for n in (1, 2, 3):
    channel.basic_publish("", queue, f"order {n}")
print("there:", channel.queue_declare(queue, passive=True).method.message_count)

# %% [markdown]
# Reading takes two steps here. `basic_get` hands you a message and keeps it until you *acknowledge* it: only `basic_ack`
# removes it. What happens between the two steps is a large part of this course.

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
# Kafka keeps a *log*: records are appended, each at the next *offset*, and stay. A named log is a *topic*, and it is cut
# into *partitions*; ours has one. `flush` returns when the broker has answered for all three.

# %% tags=["system:kafka"]
topic = lab.topic("orders")
with kafka.KafkaProducer(bootstrap_servers=lab.bootstrap) as producer:
    for n in (1, 2, 3):
        producer.send(topic, f"order {n}".encode())
    producer.flush()

# %% [markdown]
# A consumer reads from an offset of its choice. Here it begins at the earliest one, takes three records, and then looks
# where the log begins and ends.

# %%
def look(topic, bootstrap):
    start = {"auto_offset_reset": "earliest", "consumer_timeout_ms": 10_000}
    with kafka.KafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=None, **start) as consumer:
        partition = kafka.TopicPartition(topic, 0)
        end = consumer.end_offsets([partition])[partition]
        return [record.value.decode() for record in islice(consumer, end)], end


# %%
read, end = look(topic, lab.bootstrap)
print("read:", read, "left:", end)

# %% [markdown]
# Read, and still there: three. Redis and RabbitMQ left nothing behind, Kafka all of it. Reading a log changes nothing in
# it, so another consumer can read the same orders, today or next week. Keep this difference in mind; part 3 is about it.
#
# ## Kill the server
#
# You have seen where orders are while all is well. Now each server dies with 2,000 accepted orders inside. It dies by
# SIGKILL: the operating system ends the process at once, and the process gets no chance to save anything.
#
# The servers that you share with other notebooks are never harmed. Beside each of them stands a second one for this
# purpose, its *crash-test* broker. The next cell starts all three at the same time; the first time it takes some seconds.

# %%
lab.start_crash_tests("redis", "rabbitmq", "kafka")
print("three crash-test brokers are running")

# %% [markdown]
# A crash is three steps: kill the server, start it again with whatever it left on disk, wait until it serves a client.

# %%
def crash(broker):
    broker.kill()  # SIGKILL
    broker.start()
    broker.wait_ready()


# %% [markdown]
# And the count: which accepted orders are found afterwards, and is each there once? `Ledger` holds both sides, and
# `find_anomalies` names every way in which they disagree. The checks of all labs judge with these two.

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
# Redis serves from memory. For the disk it has two ways. A *snapshot* writes everything into a file now and then; by
# default after 60 seconds with 10,000 changes, after 5 minutes with 100, after an hour with one. The *append-only file*
# writes down each change as it is made; with `appendfsync always` the change is on the disk before the client is answered.
#
# The next function runs the same story with either setting: 1,000 orders, then a snapshot (`SAVE` takes it at once), then
# 1,000 more, each of them accepted, then the crash.

# %%
def redis_after_crash(**settings):
    with lab.crash_test("redis", **settings) as private:
        for order in ORDERS:
            private.redis.lpush("orders", order)
            if order == "order 1000":
                private.redis.save()
        crash(private.broker)
        return [raw.decode() for raw in private.redis.lrange("orders", 0, -1)]


# %% [markdown]
# **Predict first.** How many of the 2,000 orders are there after the crash? Put two numbers in place of the `...`: with
# snapshots only; with the append-only file. A prediction is sealed, never graded, and never holds you up. It is worth
# making because you remember a surprise much longer than a sentence.

# %%
predict(
    "00.p1",
    ### BEGIN SOLUTION
    1000, 2000,
    ### END SOLUTION
)

# %% tags=["system:redis"]
count("Redis, snapshots", redis_after_crash(appendonly="no", save="3600 1 300 100 60 10000"))
count("Redis, append-only", redis_after_crash(appendonly="yes", appendfsync="always"))
happened("00.p1", left["Redis, snapshots"], left["Redis, append-only"])

# %% [markdown]
# Redis had answered every push, and half of the orders are gone: all that came after the last snapshot. Nothing is broken.
# This is the setting that Redis ships with, `appendonly no`, and it is made for a cache. A queue on such a Redis loses up to
# an hour of accepted work.
#
# The second line cost only a setting, and it costs time: `always` waits for the disk at each write. The usual middle way is
# `appendfsync everysec`, where a power cut takes about the last second. The shared Redis of this workbook runs that way.
#
# ### RabbitMQ, half and half
#
# In RabbitMQ each *message* says whether it shall survive: *persistent* is `delivery_mode` 2, *transient* is 1. The queue
# has to survive too, so it is declared *durable*. Here every odd order is persistent and every even one transient; they
# are in the same queue, a *classic* one, and each is confirmed by the broker.

# %%
def rabbitmq_after_crash():
    with lab.crash_test("rabbitmq") as private:
        channel = private.connect().channel()
        channel.queue_declare("orders", durable=True, arguments={"x-queue-type": "classic"})
        publish(channel)
        crash(private.broker)
        return read_all(private.connect().channel())


# %% [markdown]
# `publish` fills the queue, `read_all` empties it. `basic_get` gives `None` for the body when the queue is empty.

# %%
def publish(channel):
    channel.confirm_delivery()
    for n, order in enumerate(ORDERS, 1):
        mode = pika.BasicProperties(delivery_mode=2 if n % 2 else 1)
        channel.basic_publish("", "orders", order, mode)


def read_all(channel):
    bodies = iter(lambda: channel.basic_get("orders", auto_ack=True)[2], None)
    return [body.decode() for body in bodies]


# %% [markdown]
# **Predict first**: how many of the 1,000 persistent orders are found, and how many of the 1,000 transient ones?

# %%
predict(
    "00.p2",
    ### BEGIN SOLUTION
    1000, 0,
    ### END SOLUTION
)

# %% tags=["system:rabbitmq"]
found = rabbitmq_after_crash()
count("RabbitMQ, half persistent", found)
odd = sum(int(order.split()[1]) % 2 for order in found)
happened("00.p2", odd, len(found) - odd)

# %% [markdown]
# Look at the names of the lost ones: 2, 4, 6 … They are not the last ones, as with Redis, but those that were marked as
# expendable. Both kinds were confirmed in the same way: *accepted* does not say how long it will hold. And mind the
# default: a publisher that sets no `delivery_mode` sends transient messages. (A *quorum* queue, RabbitMQ's replicated kind,
# writes every message to disk whatever its mark.)
#
# ### Kafka, as it comes
#
# Kafka appends to files; being a log is all it does. No setting is changed here, and the producer waits for an answer to
# each record (`get`).

# %%
def kafka_after_crash():
    with lab.crash_test("kafka") as private:
        topic = private.topic("orders")
        with kafka.KafkaProducer(bootstrap_servers=private.bootstrap, acks="all") as producer:
            for sent in [producer.send(topic, order.encode()) for order in ORDERS]:
                sent.get(timeout=10)
        crash(private.broker)
        return look(topic, private.bootstrap)[0]


# %% [markdown]
# **Predict first**: how many of the 2,000?

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
# All of them. Every lab draws its figures beside the same numbers as text; this one has four pairs of bars.

# %% tags=["figure"]
pairs = {name: {"accepted": len(ORDERS), "found": number} for name, number in left.items()}
survivors = figures.bars(pairs, title="Orders before and after one SIGKILL of the server", unit="orders")
print(survivors.table())
survivors

# %% [markdown]
# This table ranks settings, not products: each of the three can keep everything, and each can lose. And a killed process is
# the mild kind of crash. What the process had given to the operating system is written later even so; a power cut takes
# that too. Against a lost machine only a copy on another machine helps.
#
# ## A worker dies: how to read a history
#
# Servers rarely die. Workers die every day: each deployment ends them, and so does a machine that runs out of memory. In
# this course a worker is a process of its own, and it can be killed at an exact step. Here is a very simple one. It takes
# orders and charges a card for each, in the *outside world*, which never forgets a charge.

# %%
def work(r, world):
    while (raw := r.rpop("orders")) is not None:
        world.charge(raw.decode(), 4900)


# %% [markdown]
# Three orders wait. `worker 1` is killed right before its second charge. Then `worker 2` does whatever is still in the list.
#
# **Predict first**: which orders are charged in the end? Put in their names, such as `"order 1"`, with commas in between.

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
# `order 2` was paid by nobody. Every worker writes down its steps before and after each one, in a file that survives its
# death. Together they are the *history* of the experiment: who did what, with which order.

# %%
for record in lab.history.records():
    told = [record[key] for key in ("who", "what", "phase")]
    print("{:9} {:7} {:6}".format(*told), record.get("id", ""), record.get("note", ""))

# %% [markdown]
# Read it around the line with `fault`. `worker 1` got `order 2` from its second `RPOP`, and Redis removed it from the list,
# as always. Then the process was gone, and `order 2` with it. `worker 2` found `order 3`, did it, and then an empty list.
# The same as a figure: one lane for each worker, time from left to right, a cross where the fault struck.

# %% tags=["figure"]
story = figures.timeline(lab.history.records(), title="worker 1 dies with order 2 in its hands", only=["RPOP", "charge"])
print(story.table())
story

# %% [markdown]
# And the same as a sentence. `find_lost` compares what was accepted with what is found anywhere, waiting or done; what is in
# neither is *lost*. The history supplies the *witness*: what happened to it, in order.

# %%
found = {"waiting": r.lrange("orders", 0, -1), "done": lab.world.charges()}
lost = find_lost(Ledger(["order 1", "order 2", "order 3"], found=found), "order", lab.history.records())
print(lost.line(), *lost.witness, sep="\n  ")

# %% [markdown]
# How a worker can die without losing anything is lab 15.
#
# ## How to read a verdict
#
# In an exercise you fill a blank, and `check` judges what you wrote: it runs your function in worker processes, on the real
# brokers, and looks at what is there afterwards. It says one of six words.
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
# `orders` and returns it. Before you write it, see how others fail. `judge` is `check` for a version that is meant to be
# looked at, not solved.

# %%
def forgets(r, order):
    return order


judge("00.1", forgets, expect="lost")

# %% [markdown]
# Read a WRONG from the top: the circumstances; the *anomaly* by its name, with its count; at the end the property that must
# hold. Most of the anomalies in this course are one of *lost*, *duplicated*, *phantom* (there, though never accepted),
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
# Nothing that you write can hang this notebook. A worker has a deadline; after it the process is ended, and the verdict
# says how far it was. (This cell takes three seconds for that reason.)

# %%
def never_returns(r, order):
    while r.llen("orders") == 0:
        pass  # waits for somebody else to begin


judge("00.1", never_returns, expect="WRONG")

# %% [markdown]
# A blank that nobody filled is no mistake. It is only open, and the lab goes on without it.

# %%
def untouched(r, order):
    ...


judge("00.1", untouched, expect="NOT ATTEMPTED")

# %% [markdown]
# Sometimes a check must admit that it does not know. Here the worker's process is gone before it could say anything, as
# when a machine runs out of memory: was it the code, or the machine? Run it again, is all that can be said.

# %%
def vanishes(r, order):
    os.kill(os.getpid(), signal.SIGKILL)


judge("00.1", vanishes, expect="CANNOT TELL")

# %% [markdown]
# And sometimes it is the broker. This cell kills the crash-test Redis and has `forgets` judged on it. The function is as
# wrong as before, but it gets no blame while its broker is down.

# %%
with lab.crash_test("redis") as private:
    private.broker.kill()
    judge("00.1", forgets, expect="BROKER DOWN", at=private)

# %% [markdown]
# The sixth word is yours.
#
# ### Exercise 00.1: place
#
# Put `order` into the list `orders`, once, and return it. The list is read from the right end, by `RPOP` as above, and
# orders are to come out in the order in which they were placed. Two lines are enough. If they are not, ask for a hint: each
# exercise has two or three of them, and they name the property that is missing, not the answer.

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
# After a PASS `place` is your own function; after anything else it is the workbook's, so that a lab always runs to its end.
# Change your cell and run both cells again, as often as you like. `hint("00.1", 2)` gives the second hint. `reveal("00.1")`
# prints one possible answer, and the exercise then counts as seen, not as solved. `python3 -m workbook progress` shows where
# you are.

# %%
lab.again()
print(place(r, "order 4"), "· waiting:", r.llen("orders"))

# %% [markdown]
# ## What the real systems do
#
# - **Resque, Sidekiq, RQ and Celery** put their jobs into Redis with a push like yours. They add nothing to it: a job is as
#   durable as the Redis that holds it, and Redis ships with snapshots only.
# - **RabbitMQ** leaves it to the publisher, message by message. Celery and many other libraries set `delivery_mode` 2 for
#   you; `pika` does not.
# - **Kafka** answers with `acks="all"` when every replica in sync has the record. In production there are three replicas, and
#   it is they that survive a lost machine. Ours has one.
#
# ## When to choose what
#
# It is too early to choose a broker, and early enough for the question to ask of each: *when it says accepted, what exactly
# does it promise, and which setting decides that?* For a cache, snapshots do. For orders they do not. For a status that is
# sent again every second, a transient message is the better choice: nobody wants the old ones back after a crash.

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
# 7. Which verdict do you get for an empty blank, which for an exception, and which for a dead worker?
# 8. What is a witness, and where does it come from?
