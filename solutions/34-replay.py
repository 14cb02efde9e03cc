# %% [markdown]
# # 34 · Replay: a projection built anew from the log
#
# **You build** what a shop needs when a bug in its code is a week old: a rebuild that ends, that sends no mail twice and
# forgets none, and that readers never see half done.
#
# **Time** 50 minutes. **You need** Kafka (running). Labs 31 to 33 (to come) introduce the log; the primer below is enough.
#
# **From the talk** *replayability*: what a log can do that a queue, which forgets what was consumed, cannot.
#
# <!-- budget: cells 94, because the primer, four ways back, four predictions and three exercises need a cell each -->

# %% [markdown]
# ## The log in five lines
#
# 1. A *topic* is a log: events are appended at its end and stay there. Reading removes nothing.
# 2. It is split into *partitions*. An event's key (here: the order's number) decides its partition, so all events of one
#    order are in one partition, in the order in which they were written.
# 3. An event's *offset* is its place in its partition, counted from 0.
# 4. A *consumer* has a *position* in each partition: the offset that it reads next. It may move there or back at will.
# 5. A *group* is a name under which positions are *committed*, that is kept by Kafka, so that a service that is started
#    again goes on where it was. The committed offset is the next one to be read, too.

# %%
import json
import sqlite3

import kafka
from kafka import TopicPartition
from kafka.admin import OffsetSpec, OffsetTimestamp

from workbook import check, exercise, figures, happened, hint, judge, open_lab, predict, reveal, score
from workbook.faults import ProbedConnection

# %%
lab = open_lab("34")
world = lab.world
topic = lab.topic("orders", 3, retention_ms=-1)
partitions = [TopicPartition(topic, number) for number in range(3)]

# %% [markdown]
# `lab.world` is the outside world: it delivers mails and never takes one back. `retention_ms=-1` says that this topic never
# deletes an event because of its age. The default is seven days, and this lab shows what it costs.
#
# ## A week in the shop
#
# Twelve orders, and 50 events about them: an order is placed, an item is added, an item is removed, it is paid; two orders
# are cancelled.

# %%
def order_event(order, kind, cents=0):
    return {"order": order, "type": kind, "customer": f"customer {order}", "cents": cents}


STEPS = {"placed": 1000, "item_added": 500, "item_removed": 300, "paid": 0}
events = [order_event(order, kind, cents) for kind, cents in STEPS.items() for order in range(1, 13)]
events += [order_event(order, "cancelled", -1200) for order in (5, 11)]
len(events), events[0]

# %% [markdown]
# The shop writes them over seven days, from a Monday on. A record has a time stamp; here it is given, so that the week is
# over already.

# %%
MONDAY, DAY = 1_700_438_400_000, 86_400_000  # milliseconds; Monday, 20 November 2023
producer = kafka.KafkaProducer(bootstrap_servers=lab.bootstrap)


def publish(event, at):
    key, value = str(event["order"]).encode(), json.dumps(event).encode()
    return producer.send(topic, value, key=key, timestamp_ms=at)


for number, event in enumerate(events):
    publish(event, MONDAY + number * 7 * DAY // 50)
producer.flush()

# %% [markdown]
# To look into the topic you need a consumer. This one takes its partitions by `assign`, without asking anybody. (`subscribe`
# would join the group, which lets Kafka share the partitions out among its members: good for a service, of no use for a
# rebuild.) `read_committed` and `auto_offset_reset="none"` will matter soon.

# %%
def reader(*wanted, **options):
    ours = {"enable_auto_commit": False, "auto_offset_reset": "none", "isolation_level": "read_committed"}
    consumer = kafka.KafkaConsumer(bootstrap_servers=lab.bootstrap, **{**ours, **options})
    consumer.assign(wanted)
    return consumer


def plain(offsets):
    return {one.partition: offset for one, offset in sorted(offsets.items())}


plain(reader().end_offsets(partitions))

# %% [markdown]
# The *end offset* of a partition is the offset that its next event will get. 22, 16 and 12: together 50.
#
# A *fold* turns a state and the next event into the next state. Folded over the whole log, from an empty state on, it gives
# a *projection*: what the events say, in a form that can be asked. `first_fold` says for each order how many cents it amounts
# to. The service that runs in the shop, `handle`, keeps this projection, and it does one more thing: when an order is placed,
# it sends the customer a mail.
#
# Kafka keeps the order within a partition, and no order between partitions: read the topic twice, and events of order 1 and
# of order 2 may come interleaved differently. This fold does not care, because all that it combines has the same key, and so
# comes from one partition. A fold that compares orders with each other would give another result at each replay.

# %%
def first_fold(state, record):
    event = json.loads(record.value)
    return {**state, event["order"]: state.get(event["order"], 0) + event["cents"]}


def handle(state, record):
    event = json.loads(record.value)
    if event["type"] == "placed":
        world.mail(event["customer"], f"order {event['order']} received")
    return first_fold(state, record)


# %%
def take(consumer, count):
    """Exactly `count` records: good enough where you know how many there are."""
    taken = []
    while len(taken) < count:
        for records in consumer.poll(timeout_ms=500, max_records=count - len(taken)).values():
            taken += records
    return taken


# %% [markdown]
# Here is the service's week: 50 events, each of them handled, and at the end its positions committed under the name of its
# group. (In a shop it would commit every few seconds. Lab 33, to come, is about when.)

# %%
old = reader(*partitions, group_id=lab.name("amounts"), auto_offset_reset="earliest")
shown = {}
for record in take(old, 50):
    shown = handle(shown, record)
old.commit()
len(world.mails()), shown[1]

# %% [markdown]
# Twelve orders, twelve mails. Order 1 amounts to 18.00.
#
# ## A bug that is a week old
#
# On Monday support calls: order 1 shows 18.00, and the customer's invoice says 12.00. An order of 10.00, an item of 5.00
# added, an item of 3.00 removed: the customer is right. `first_fold` *adds* what is removed. The mend is a sign:

# %% tags=["teaches"]
def fold(state, record):
    """The amount of each order in cents, {order: cents}, after one more record."""
    event = json.loads(record.value)
    cents = -event["cents"] if event["type"] == "item_removed" else event["cents"]
    return {**state, event["order"]: state.get(event["order"], 0) + cents}


# %% [markdown]
# That mends the next week. What about the past one? A queue has forgotten it: a message that was acknowledged is gone. The
# log still has all of it. Read it again, through the mended fold:

# %% tags=["talk:replayability"]
again = reader(*partitions)
again.seek_to_beginning()
mended = {}
for record in take(again, 50):
    mended = fold(mended, record)
shown[1], mended[1], mended[5]

# %% [markdown]
# 12.00, and 0 for order 5, which was cancelled. Nobody had to ask the shop for a copy of the events, and no other reader
# noticed: a position belongs to its reader. You have read what the old service had read before you, and its committed
# positions are still where they were, as the next cell shows.
#
# ## Four ways back
#
# **1.** `seek_to_beginning` moves one consumer, as above. **2.** A **new group** does the same for a service: it has no
# committed positions, so `auto_offset_reset="earliest"` decides where it begins.

# %%
new = reader(*partitions, group_id=lab.name("amounts-mended"), auto_offset_reset="earliest")
print("old: committed", plain({one: old.committed(one) for one in partitions}))
print("new: committed", [new.committed(one) for one in partitions])
print("new: begins at", plain({one: new.position(one) for one in partitions}))

# %% [markdown]
# **3.** A **reset** sets the committed positions of a group. A service that is started under this name afterwards begins
# there, its code and settings unchanged. Stop the service first. Kafka refuses a reset while the group has members, and
# `reset_group_offsets` does not raise then: it returns an `error` for each partition, so look at it. Nor does Kafka protect
# you from a consumer that took its partitions by `assign`, as ours do: it is no member, and its next commit goes over your
# reset.

# %% tags=["system:kafka"]
def reset(group, wanted):
    done = lab.admin.reset_group_offsets(group, wanted)
    refused = {one: now["error"] for one, now in done.items() if now["error"] is not kafka.errors.NoError}
    if refused:
        raise RuntimeError(f"not reset: {refused}")
    return plain({one: now["offset"] for one, now in done.items()})


# %%
report = lab.name("weekly-report")
reset(report, {one: OffsetSpec.EARLIEST for one in partitions})

# %% [markdown]
# **4.** And **time**: if you know when the bug was deployed, you need not go back further than that. Kafka finds for each
# partition the first offset with that time stamp or a later one. The bug came on Thursday:

# %%
thursday = MONDAY + 3 * DAY
since = reader().offsets_for_times({one: thursday for one in partitions})
print("found:", plain({one: found.offset for one, found in since.items()}))
print("reset:", reset(report, {one: OffsetTimestamp(thursday) for one in partitions}))

# %% [markdown]
# Going back to Thursday is enough only if you still have the projection *as it was on Thursday*. A fold needs its state: with
# an empty one, order 1 would be an order that nobody placed. So most rebuilds begin at the beginning. So does yours.
#
# ## What a replay does twice
#
# The obvious rebuild is the service itself, with the mend in it, started under a new group. It is `handle` with `fold` in
# the place of `first_fold`; the mail it sends as it always did.

# %%
def mended_handle(state, record):
    event = json.loads(record.value)
    if event["type"] == "placed":
        world.mail(event["customer"], f"order {event['order']} received")
    return fold(state, record)


# %% [markdown]
# **Predict first.** 50 events are replayed, 12 mails went out in the past week. How many mails leave during this rebuild?

# %%
predict(
    "34.p1",
    ### BEGIN SOLUTION
    12,
    ### END SOLUTION
)

# %%
state, before = {}, len(world.mails())
for record in take(new, 50):
    state = mended_handle(state, record)
naive = len(world.mails()) - before
happened("34.p1", naive)
state == mended

# %% [markdown]
# The amounts are right now. But every customer of the week gets a mail about an order that has long arrived. The log
# replays *what happened*; that mails were sent is not in it, the code did that on the way. This is why `fold` above only
# computes. It takes a state and a record and returns a state; it sends nothing, asks nobody and does not look at the clock,
# so it may run as often as you like.
#
# A rebuild is then three questions: **where does it end**, **who sends the mails**, **when do readers see it**.
#
# ## Where does it end?
#
# In this lab you knew that there are 50 events. A shop does not know, and it goes on writing. First idea: read until
# nothing comes any more. `judge` runs it by the rules of the exercise that you solve below, 34.1, so it must fail;
# `expect="missing"` names what the verdict has to show.

# %%
def until_nothing_comes(consumer, partitions, fold):
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    state = {}
    while found := consumer.poll(timeout_ms=300):
        for record in sum(found.values(), []):
            state = fold(state, record)
    return state, {one: consumer.position(one) for one in partitions}


# %%
judge("34.1", until_nothing_comes, expect="missing")

# %% [markdown]
# An empty `poll` means that nothing came *within the time-out*. The broker was slow once, and the rebuild took that for the
# end. Longer time-outs only make that rarer, and in a busy shop they make something else likely: something always comes.
#
# In the shop's busy hours that loop would run until the night, and what it returns would be the state at a moment that nobody
# has chosen.
#
# So the end has to be fixed, once, before the reading begins: `end_offsets`. What do you compare it with? Look at a log
# that is not as tidy as the shop's. *Transactions* (lab 36, to come) write several events that become visible together, or
# not at all when they are *aborted*.

# %%
edge = lab.topic("edges", 3)
first, empty, cut = (TopicPartition(edge, number) for number in range(3))
several = kafka.KafkaProducer(bootstrap_servers=lab.bootstrap, transactional_id=lab.name("writer"))
several.init_transactions()

# %%
def transaction(partition, count, end):
    several.begin_transaction()
    for number in range(count):
        several.send(edge, b"event %d" % number, partition=partition.partition)
    several.flush()
    end()


# %% [markdown]
# **Predict first.** Partition 0 gets four events in a transaction that is committed, then two in one that is aborted. Which
# end offset does it have then, and how many records does a `read_committed` consumer get from it? Two values, in this order:
# the end offset, the number of records.

# %%
predict(
    "34.p2",
    ### BEGIN SOLUTION
    8, 4,
    ### END SOLUTION
)

# %%
transaction(first, 4, several.commit_transaction)
transaction(first, 2, several.abort_transaction)
transaction(cut, 5, several.commit_transaction)
edges = reader(first)
edges.seek(first, 0)
seen = take(edges, 4)
happened("34.p2", edges.end_offsets([first])[first], len(seen))

# %% [markdown]
# Four records, at offsets 0 to 3. Each transaction also ends with a *marker* that takes an offset and is never handed out:
# 4 and 7. The aborted events have 5 and 6. Whoever waits for the record right before the end, at offset 7, waits for ever.
# So does whoever counts eight records. But the *position* passes what is skipped:

# %%
while edges.position(first) < 8:
    edges.poll(timeout_ms=100)
[record.offset for record in seen], edges.position(first)

# %% [markdown]
# In a partition never written to, no record ever comes; its end is 0, and the position is there from the start. And
# `read_committed` has to be asked for. The default hands out what was aborted, here two events that never happened:

# %%
unwary = reader(first, isolation_level="read_uncommitted")
unwary.seek(first, 0)
[record.offset for record in take(unwary, 6)]

# %% [markdown]
# ## Where does it begin?
#
# A log forgets, too: after its retention time, or when somebody says so. Here the first three events of partition 2 go. A
# consumer that is sent to the beginning then gets the other two, and the broker tells the first offset of each partition:

# %%
lab.admin.delete_records({cut: 3})
edges.assign([cut])
edges.seek_to_beginning(cut)
[record.offset for record in take(edges, 2)], plain(edges.beginning_offsets([first, empty, cut]))

# %% [markdown]
# No error, no warning: *the beginning* is the first event that is left. A fold over that gives orders that nobody placed,
# and their amounts look like any other number. Only the 3 from the broker tells that something is missing.
#
# Ask for offset 0 by its number instead, and `auto_offset_reset="none"` makes the loss an error. (With `"earliest"` the
# consumer would go on silently from 3.)

# %%
edges.seek(cut, 0)
try:
    take(edges, 1)
except kafka.errors.OffsetOutOfRangeError as error:
    print(type(error).__name__)

# %% [markdown]
# ## Exercise 34.1: rebuild
#
# Put it together. `consumer` is made by `reader()` above, and has no partitions yet. `fold` takes a state and a record, as
# `poll` gives it, and returns the next state; the first state is `{}`.
#
# What you return is two things that belong together: the state, and for each partition the offset from which a live
# consumer goes on, so that each event is in the state or still to come, never both. A poll may well bring events from
# behind your end. If the beginning of a partition is gone, return nothing, but raise `BeginningGone`: whoever started the
# rebuild has to decide what to do about it. If you are stuck: `hint("34.1")`, `hint("34.1", 2)`; `reveal("34.1")` prints
# one possible answer and counts the exercise as seen, not solved.

# %% tags=["teaches"]
class BeginningGone(Exception):
    """The log no longer begins at offset 0. `first`: {TopicPartition: the first offset that is left}."""

    def __init__(self, first):
        super().__init__(first)
        self.first = dict(first)


@exercise("34.1")
def rebuild(consumer, partitions, fold):
    """Fold all that is in `partitions` (a list of TopicPartition) now, and return (state, offsets).

    offsets: {TopicPartition: the offset to go on from}, for each partition. It returns though the shop goes on writing.
    Raises BeginningGone({TopicPartition: first offset left}), naming each partition that no longer begins at offset 0.
    """
    ### BEGIN SOLUTION
    gone = {one: offset for one, offset in consumer.beginning_offsets(partitions).items() if offset > 0}
    if gone:
        raise BeginningGone(gone)
    ends = consumer.end_offsets(partitions)
    consumer.assign(partitions)
    for one in partitions:
        consumer.seek(one, 0)
    state = {}
    while any(consumer.position(one) < end for one, end in ends.items()):
        for one, records in consumer.poll(timeout_ms=200).items():
            for record in records:
                if record.offset < ends[one]:
                    state = fold(state, record)
    return state, ends
    ### END SOLUTION


# %%
rebuild = check("34.1")

# %% [markdown]
# Now use it on the shop's log:

# %%
before = len(world.mails())
state, offsets = rebuild(reader(), partitions, fold)
state == mended, plain(offsets), len(world.mails()) - before

# %% [markdown]
# The same amounts, the fixed end of each partition, and no mail at all. Until order 13 comes, you can run that cell as often
# as you like with the same result, and no customer ever notices; that is what makes a rebuild a thing one dares to do on a
# Monday. What this one gave is kept for later:

# %%
rows_of_first_rebuild, end_of_first_rebuild = state, offsets

# %% [markdown]
# ## Who sends the mails?
#
# No mail at all is also wrong. While you rebuild, orders go on coming in, and their customers wait for a mail. The old
# service is still running: it is wrong about amounts, not about mails. Order 13 arrives after your end was fixed, and the old
# service handles it.

# %%
publish(order_event(13, "placed", 1000), MONDAY + 7 * DAY).get()
shown = handle(shown, take(old, 1)[0])
old.commit()
plain(end_of_first_rebuild), plain({one: old.committed(one) for one in partitions})

# %% [markdown]
# Then the old service is stopped. Orders 14 and 15 come in when nobody is there, and after that the new one takes over.

# %%
boundary = {one: old.committed(one) for one in partitions}
old.close()
for order in (14, 15):
    publish(order_event(order, "placed", 1000), MONDAY + 8 * DAY).get()

# %% [markdown]
# So which events still need their mail? Not "those since the rebuild began", and not "those of today": a clock knows nothing
# about who handled what. The old service's **committed positions** say it exactly, for each partition: below the *boundary*,
# the mail has left; from it on, nobody has sent one.
#
# The version that does not ask gets this verdict. In the check the old service was behind in one partition, ahead in
# another, and never read the third, which was added later and so has no entry in the boundary at all.

# %%
def mails_every_order(event, position, boundary, effects):
    if event["type"] == "placed":
        effects.mail(event["customer"], f"order {event['order']} received")


judge("34.2", mails_every_order, expect="duplicated")

# %% [markdown]
# ## Exercise 34.2: one mail for each order
#
# `on_event` is called for every event, replayed or live. It sends the mail of an order that was placed, if nobody has. It
# relies on the arguments alone: a new process has nothing in its memory.

# %% tags=["teaches"]
@exercise("34.2")
def on_event(event, position, boundary, effects):
    """Send the customer of a placed order the mail that the old service has not sent: effects.mail(recipient, subject).

    event: as made by order_event. position: (TopicPartition, offset) of the event. boundary: {TopicPartition: the offset
    that the old service committed last}; a partition of which it never handled anything is not in it.
    """
    ### BEGIN SOLUTION
    partition, offset = position
    if event["type"] == "placed" and offset >= boundary.get(partition, 0):
        effects.mail(event["customer"], f"order {event['order']} received")
    ### END SOLUTION


# %%
on_event = check("34.2")

# %% [markdown]
# Now the shop's own log: 53 events are replayed, with your function sending the mails.

# %%
def mails_of_replay(boundary):
    consumer, before = reader(*partitions), len(world.mails())
    consumer.seek_to_beginning()
    for record in take(consumer, 53):
        position = TopicPartition(topic, record.partition), record.offset
        on_event(json.loads(record.value), position, boundary, world)
    return sorted(recipient for recipient, _ in world.mails()[before:])


# %% [markdown]
# **Predict first.** There are two candidates for the boundary: the old service's committed positions, and the end at which
# the first rebuild stopped. Orders 13, 14 and 15 came after that end; 13 has its mail. How many mails leave with each? Two
# values, in this order: with the committed positions, with the end of the rebuild.

# %%
predict(
    "34.p3",
    ### BEGIN SOLUTION
    2, 3,
    ### END SOLUTION
)

# %%
right, wrong = mails_of_replay(boundary), mails_of_replay(end_of_first_rebuild)
print("boundary where the old service stopped:", right)
print("boundary where the rebuild ended:      ", wrong)
happened("34.p3", len(right), len(wrong))

# %% [markdown]
# Orders 14 and 15 were waiting for their mail. With the end of the rebuild as the boundary, customer 13 gets a second mail.
# Had the old service been *behind* that end, orders in between would have got none. The boundary is a statement about the
# mails, so only the one who sends them can make it.

# %% tags=["figure"]
mails = figures.bars(
    {"the first week": 12, "service replayed": naive, "end of rebuild": len(wrong), "old position": len(right)},
    title="Mails that left: the first week, and three replays of it",
    unit="mails",
    x="run",
)
print(mails.table())
mails

# %% [markdown]
# One gap is left: the old service could be killed right after a mail and before its commit. Then its position is one event
# too low, and the new service sends that mail again. That is *at least once*, as everywhere; lab 16 (to come) shows what
# helps (an id that the mail provider knows).
#
# ## When do readers see it?
#
# The amounts are read by others: the support page, the invoices. They read a table `projection`, and beside it stands how far
# that is, in `positions`. The live service goes on from those positions, so rows and positions must always belong
# together.

# %% tags=["teaches"]
def put(db, table, state):
    """Fill a new table with a state; what an earlier try has left there goes first."""
    db.execute(f"DROP TABLE IF EXISTS {table}")
    db.execute(f"CREATE TABLE {table} (order_id INTEGER PRIMARY KEY, cents INTEGER)")
    db.executemany(f"INSERT INTO {table} VALUES (?, ?)", state.items())


# %%
path = str(lab.folder / "shop.db")
db = sqlite3.connect(path, isolation_level=None)
put(db, "projection", shown)
db.execute("CREATE TABLE positions (partition INTEGER PRIMARY KEY, position INTEGER)")
db.executemany("INSERT INTO positions VALUES (?, ?)", plain(boundary).items()).rowcount

# %% [markdown]
# `isolation_level=None` means that Python adds nothing of its own: each statement is a transaction by itself, unless you say
# `BEGIN`. A reader looks at both tables in one transaction:

# %%
def look():
    with sqlite3.connect(path, isolation_level=None) as reading:
        reading.execute("BEGIN")
        rows = dict(reading.execute("SELECT order_id, cents FROM projection"))
        return rows.get(1), dict(reading.execute("SELECT partition, position FROM positions"))


look()

# %% [markdown]
# The mended rows could be written over the old ones, one statement after the other. The check holds this switch after
# each of its statements, lets a reader look, kills it there, and lets the reader look again:

# %%
def over_the_old_rows(db, table, offsets):
    db.execute("DELETE FROM projection")
    db.execute(f"INSERT INTO projection SELECT * FROM {table}")
    db.execute("DELETE FROM positions")
    db.executemany("INSERT INTO positions VALUES (?, ?)", [(one.partition, n) for one, n in offsets.items()])
    return True


judge("34.3", over_the_old_rows, expect="half-built")

# %% [markdown]
# A support page without a single order. With millions of rows that lasts minutes, and after a kill it stays. Nor is it enough
# to write the positions last: between the rows and the positions there is again a moment, and who is killed in it leaves
# new rows with old positions. The live service then goes on from those, and adds events to amounts that have them already.
#
# So the rebuild fills a table of its own, `projection_next`, which nobody reads, and takes as long as it likes. If it is
# killed, it is started again. Only at the end the tables are exchanged, which takes two statements. And `with db:` makes them
# one transaction, doesn't it?

# %%
def exchange(path, first=None):
    db = sqlite3.connect(path, isolation_level=None, factory=ProbedConnection)
    with db:
        if first:
            db.execute(first)
        db.execute("DROP TABLE projection")
        db.execute("ALTER TABLE projection_next RENAME TO projection")


# %% [markdown]
# A `ProbedConnection` is an ordinary connection, on which a process can be killed at a statement. `lab.run(…, fault=…)` calls a
# function in a process of its own, and kills that one where the fault says.
#
# **Predict first.** This is killed right after its `DROP`. What does the next reader see: `"old"`, `"new"`, or `"nothing"`?

# %%
predict(
    "34.p4",
    ### BEGIN SOLUTION
    "nothing",
    ### END SOLUTION
)

# %%
put(db, "projection_next", rows_of_first_rebuild)
lab.run(exchange, path, fault="kill after DROP")
try:
    seen = "old" if look()[0] == 1800 else "new"
except sqlite3.OperationalError as error:
    seen = "nothing"
    print(error)
happened("34.p4", seen)

# %% [markdown]
# `with db:` commits or rolls back a transaction that is *open*. It opens none. Here nothing did, so the `DROP` was final at
# once. (In Python's default mode a transaction is opened before `INSERT`, `UPDATE`, `DELETE` and `REPLACE`, and not before
# `DROP` or `ALTER`: the same trap.) Now the
# same two statements after a `BEGIN`, killed at the same point:

# %%
put(db, "projection", shown)
put(db, "projection_next", rows_of_first_rebuild)
lab.run(exchange, path, "BEGIN", fault="kill after DROP")
look()[0]

# %% [markdown]
# SQLite, like PostgreSQL, undoes a `DROP` whose transaction was never committed. (MySQL and Oracle commit at each such
# statement; there you exchange what a view or a pointer row names.)
#
# ## Exercise 34.3: switch
#
# One more thing can go wrong. Somebody starts a rebuild, it takes an hour; somebody else starts another one, on a faster
# machine, later, which is ready first. Then the slow one arrives with *older* rows. A projection is older when it is behind
# what readers see in **any** partition. Such a switch is refused, also when the other one slips in at the last moment.
# Equally far is not older: a mended fold over the same log has the same offsets.
#
# A plain `BEGIN` takes SQLite's one lock for writing only at the first statement that writes; `BEGIN IMMEDIATE` takes it at
# once, so that nobody else can write between what you read and what you write.

# %% tags=["teaches"]
@exercise("34.3")
def switch(db, table, offsets):
    """Let readers see `table` as `projection` and `offsets` as `positions`, both at once. True if they do from now on.

    False, and nothing is changed, if `table` is older than what they see. db: an SQLite connection on which each statement
    is a transaction unless you say BEGIN, and no transaction is open when you return; others use the same database. offsets:
    {TopicPartition: offset}; positions has (partition number, position), and no row yet for a partition that is new.
    """
    ### BEGIN SOLUTION
    new = {one.partition: offset for one, offset in offsets.items()}
    # IMMEDIATE: nobody else can write between the comparison and the exchange.
    db.execute("BEGIN IMMEDIATE")
    shown = dict(db.execute("SELECT partition, position FROM positions"))
    if any(new.get(partition, 0) < position for partition, position in shown.items()):
        db.execute("ROLLBACK")
        return False
    db.execute("DROP TABLE projection")
    db.execute(f"ALTER TABLE {table} RENAME TO projection")
    db.execute("DELETE FROM positions")
    db.executemany("INSERT INTO positions VALUES (?, ?)", new.items())
    db.execute("COMMIT")
    return True
    ### END SOLUTION


# %%
switch = check("34.3")

# %% [markdown]
# Now all three together. Readers see the old projection, which the old service kept up to order 13. The rebuild of before
# ended below that, so it is refused: it would take order 13 away from the support page. A rebuild of now is let in.

# %%
put(db, "projection_next", rows_of_first_rebuild)
switch(db, "projection_next", end_of_first_rebuild), look()

# %%
state, offsets = rebuild(reader(), partitions, fold)
put(db, "projection_next", state)
switch(db, "projection_next", offsets), look()

# %% [markdown]
# Order 1 amounts to 12.00 for everybody, from one moment to the next, and the new service goes on from these positions, with
# the boundary for its mails.
#
# ## What the real systems do here
#
# **Kafka** has the reset as a tool: `kafka-consumer-groups.sh --reset-offsets` with `--to-earliest`, `--to-datetime` or
# `--to-offset`, printing what it would do until `--execute` is given; it refuses while the group has members. It moves
# positions, nothing else: state, effects and readers are yours, as in this lab.
#
# **Kafka Streams** has an [application reset tool](https://kafka.apache.org/42/streams/developer-guide/app-reset-tool). It
# resets the input positions and deletes the internal topics; output topics are not reset, and local state is yours to
# delete. All instances must be stopped.
#
# **Axon**, an event-sourcing framework for Java,
# [keeps](https://docs.axoniq.io/axon-framework-reference/5.1/events/event-processors/streaming) with its position where a
# reset began, so it knows which events are a replay, which is exercise 34.2; a handler marked `@DisallowReplay` is not
# called for those.
#
# **RabbitMQ streams** can be read from `first`, an offset or a time as well; its queues can't (lab 26, to come).
#
# ## When to choose this
#
# Choose a log where you will want to ask the past a new question: a mended fold, a new projection, a service that was thought
# of later. The price is in this lab. You keep all events, or you say what is gone; every reader separates computing from
# acting; and a rebuild is a small deployment of its own, with a boundary and a switch. Where nobody will ever ask again,
# such as for a mail that is to be sent once, a queue is simpler: it forgets for you.

# %%
score()

# %% [markdown]
# ## Recall
#
# 1. Why is an empty `poll` not the end of a partition, and why is a record at end − 1 not either?
# 2. What happens to a rebuild that asks for the end offsets again after every poll?
# 3. A partition begins at offset 3. What does `seek_to_beginning` do, and what does `seek(partition, 0)` do?
# 4. Who knows which events still need their mail, and why is it not the end of the rebuild?
# 5. The committed offset of a partition is 9. Has the event at offset 9 been handled?
# 6. Why may a fold not read the clock?
# 7. What does `with db:` do if no transaction is open?
# 8. A rebuild is ahead in one partition and behind in another. May it replace what readers see?
