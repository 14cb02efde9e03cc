# %% [markdown]
# # 25 · Poison messages: it fails, and it comes back
#
# **You build** what becomes of a message that cannot be done: a consumer that tries it a few times and then parks it, retries
# that wait without anybody waiting, and the way back from the parking queue after the bug is mended.
#
# **Time** 75 minutes. **You need** RabbitMQ (running), and from lab 24 how a message is confirmed and acknowledged. If you
# come here first, the recap is enough.
#
# **From the talk** the other side of *at least once* (lab 24): what is never lost comes back, also when nobody can use it.
#
# <!-- budget: cells 78, because requeueing, limits, parking, delay and the way back each have their own failure, prediction or exercise -->
# <!-- budget: median 5, because nearly every demonstration needs a queue, a delivery that fails and a look at what is left -->

# %% [markdown]
# ## Recap
#
# 1. A *consumer* is handed messages from a *queue* and *acknowledges* each when its work is done. Then the broker forgets it.
# 2. What is not acknowledged when the connection ends goes back into the queue, and is *redelivered*.
# 3. Messages published to the *default exchange*, `""`, go to the queue that is named by the routing key.
# 4. In *confirm mode* a publish returns when the broker has the message; with `mandatory=True` it raises when no queue takes it.
# 5. A message that is published twice keeps its *message id*, so that whoever gets both can tell.

# %%
import json
from collections import Counter
from functools import partial

import pika

from workbook import check, exercise, happened, judge, open_lab, predict, score
from workbook.taught.lab24 import confirming, consume, publish

# %% [markdown]
# The three functions are what lab 24 taught. `confirming(parameters)` opens a channel in confirm mode on a new connection;
# `consume(ch, queue, work)` calls `work(body)` with each message and acknowledges it when the work has returned;
# `publish(ch, exchange, key, body, message_id)` publishes a persistent message and says in a word what became of it.
# `lab.world` is the world outside of the broker, which remembers every mail. `lab.until` waits for a condition, `lab.again()`
# empties the world, and `fault="kill before mail"` has a worker killed right before it sends its first mail.

# %%
lab = open_lab("25")
world = lab.world
connection = lab.connect(heartbeat=0)
ch = connection.channel()
ch.confirm_delivery()

# %% [markdown]
# Three helpers. The first makes an empty queue, with *arguments* that say how it treats its messages, and puts some messages
# into it. The second tells how many messages wait in a queue. The third waits until there is one, and takes it: its
# properties and its body.


# %%
def fresh(queue, *bodies, **arguments):
    ch.queue_delete(queue)
    ch.queue_declare(queue, durable=True, arguments={key.replace("_", "-"): value for key, value in arguments.items()})
    for body in bodies:
        publish(ch, "", queue, body, f"id of {body.decode()}")


# %%
def ready(queue):
    return ch.queue_declare(queue, passive=True).method.message_count


def first_in(queue):
    lab.until(lambda: ready(queue))
    return ch.basic_get(queue, auto_ack=True)[1:]


# %% [markdown]
# ## An order that nobody can read
#
# The service Invoices writes an invoice for each order, and sends it by mail. Three orders wait. The first one is no JSON:
# somebody's script has written it by hand. Such a message is called a *poison message*: whoever takes it fails.

# %%
POISON, GOOD = b"order 1: two lamps", [b'{"order": 2, "customer": "Ada"}', b'{"order": 3, "customer": "Bo"}']


# %%
def write_invoice(world, body):
    order = json.loads(body)
    world.mail(order["customer"], f"invoice for order {order['order']}")


def invoices(parameters, world):
    consume(confirming(parameters), "invoices", partial(write_invoice, world))


# %% [markdown]
# The consumer of lab 24 does what it promised: what the work raises comes out, and the message is not acknowledged. So the
# service ends. In the shop something starts it again, and it is handed the same message.

# %%
fresh("invoices", POISON, *GOOD)
for start in (1, 2, 3):
    outcome = lab.run(invoices, lab.amqp(), world)
    print(f"start {start}: {outcome.error.kind}, mails sent: {len(world.mails())}")

# %% [markdown]
# Nothing is lost, and nothing is done either: two customers wait for their invoices because of a third one's order. This is
# a *crash loop*. Whoever is called at night sees a service that "does not stay up".
#
# So the service must survive what its work raises. From here on each delivery goes through a function that decides what
# becomes of it. `drain` calls it until nothing waits. `basic_get` gives three things, which stay together here as `got`: the
# delivery (with its `delivery_tag`), the message's properties, and its body; three times `None` when nothing waits.

# %% tags=["teaches"]
def drain(ch, queue, handle):
    """Call `handle(ch, got)` with one delivery after another until nothing waits in `queue`; returns how many it took."""
    count = 0
    while (got := ch.basic_get(queue))[0]:
        handle(ch, got)
        count += 1
    return count


# %% [markdown]
# ## Put it back
#
# `basic_reject` is the opposite of an acknowledgement: "I could not do this." With `requeue=True` the message goes back into
# the queue. That sounds right: perhaps the next attempt works, or another consumer does better.


# %%
def requeue(ch, got, work):
    delivery, _, body = got
    try:
        work(body)
        ch.basic_ack(delivery.delivery_tag)
    except Exception:
        ch.basic_reject(delivery.delivery_tag, requeue=True)


# %% [markdown]
# The poison and the two good orders wait again. The loop is stopped after 1,000 deliveries, for it might not stop by itself.
#
# **Predict first**: how many of the 1,000 deliveries are the poison, and how many mails are sent?

# %%
predict(
    "25.p1",
    ### BEGIN SOLUTION
    1000, 0,
    ### END SOLUTION
)

# %%
fresh("invoices", POISON, *GOOD)
delivered = Counter()
for got in (ch.basic_get("invoices") for _ in range(1000)):
    delivered[got[2]] += 1
    requeue(ch, got, partial(write_invoice, world))
happened("25.p1", delivered[POISON], len(world.mails()))

# %% [markdown]
# A message that is given back returns to its place, which is the head of the queue, and nobody ever gets past it. And there
# is no pause in it: the next attempt begins as soon as the last one has failed.
#
# The queue is not longer than before and the consumer is busy: on most dashboards this looks like a good day. Here is what
# exercise 25.1 below makes of it; its check stops after 40 deliveries to one consumer.


# %%
def put_back(ch, got, work, limit):
    requeue(ch, got, work)


judge("25.1", put_back, expect="starved")

# %% [markdown]
# *Starved* are the neighbours: they were ready all the time, and it never was their turn.
#
# ## Throw it out
#
# `basic_reject` with `requeue=False` means "nobody can do this". What does the broker do then?

# %%
fresh("invoices", POISON)
delivery, _, _ = ch.basic_get("invoices")
ch.basic_reject(delivery.delivery_tag, requeue=False)
print("in the queue:", ready("invoices"))

# %% [markdown]
# It is gone. No error, no log, no trace of what the customer had ordered. Unless the queue has a *dead letter exchange*: then
# the broker publishes what the queue gives up to that exchange. With the default exchange and a fixed routing key it goes
# to one queue, here `parked`. The broker notes what happened in a header, `x-death`: an entry for each queue and each reason,
# with a count.


# %% tags=["teaches"]
def deaths(properties):
    """What the broker has noted about a message that was dead-lettered: [(queue, reason, count), …], the latest first."""
    noted = (properties.headers or {}).get("x-death", [])
    return [(entry["queue"], entry["reason"], int(entry["count"])) for entry in noted]


# %%
TO_PARKED = {"x_dead_letter_exchange": "", "x_dead_letter_routing_key": "parked"}

# %% tags=["system:rabbitmq"]
fresh("parked")
fresh("invoices", POISON, **TO_PARKED)
delivery, _, _ = ch.basic_get("invoices")
ch.basic_reject(delivery.delivery_tag, requeue=False)
properties, body = first_in("parked")
body, deaths(properties)

# %% [markdown]
# Now the message is kept, and out of the way. Two things are missing. *Rejected* is all the broker knows: not which line
# of your code failed, nor why. And the first failure was the last: had the mail provider been away for a second, every order
# of that second would be parked.
#
# ## Let the broker count
#
# A *quorum queue* (a queue that RabbitMQ replicates over several servers; here there is only one) counts how often each
# message has come back. It takes a *delivery limit*: what comes back more often is dead-lettered.
#
# **Predict first.** The limit is 3, and the poison is given back each time. How many deliveries are there, and how many
# messages are in `parked` then? And, third number, how many are anywhere when the same queue has no dead letter exchange?

# %%
predict(
    "25.p2",
    ### BEGIN SOLUTION
    4, 1, 0,
    ### END SOLUTION
)

# %%
LIMITED = {"x_queue_type": "quorum", "x_delivery_limit": 3}
give_back = partial(requeue, work=partial(write_invoice, world))

# %%
fresh("parked")
fresh("invoices", POISON, **LIMITED, **TO_PARKED)
deliveries = drain(ch, "invoices", give_back)
lab.until(lambda: ready("parked"))
parked = ready("parked")
print(deliveries, "deliveries, then dead-lettered:", deaths(first_in("parked")[0]))

# %%
fresh("invoices", POISON, **LIMITED)
drain(ch, "invoices", give_back)
happened("25.p2", deliveries, parked, ready("invoices") + ready("parked"))

# %% [markdown]
# The limit counts how often a message may come *back*: with 3 there are 4 deliveries. And a limit without a dead letter
# exchange is a way to lose messages in silence.
#
# What if you set none? That depends on the version. A quorum queue of RabbitMQ 3.10 has no limit, one of 4.0 has a limit of
# 20; then a message that failed 21 times is dropped, on a queue where nobody has asked for it.
#
# Say it yourself, then: set `x-delivery-limit`, and always with a dead letter exchange and a queue behind it. What is
# *counted* differs too. Up to RabbitMQ 4.2 whatever comes back counts. From 4.3 on, a `basic_reject` counts and a lost
# connection, but not a `basic_nack`, which is then taken for "I did not try". So an attempt that failed is given back with
# `basic_reject`: that counts everywhere.
#
# ## A message that kills its consumer
#
# The broker's count has one more merit. Suppose that an order makes the consumer use up all memory, and the system kills
# the process. No `except` runs and nobody writes a note. What was counted in the consumer's memory is gone with it. The
# header `x-delivery-count` on the message says how often it has come back. On the first delivery some versions write 0, and
# some leave the header out. A worker is killed twice right before its work:


# %%
def work_on_it(parameters, world):
    consume(confirming(parameters), "invoices", lambda body: world.mail("Ada", body.decode()))


# %%
fresh("invoices", GOOD[0], x_queue_type="quorum", x_delivery_limit=10)
for _ in range(2):
    lab.run(work_on_it, lab.amqp(), world, fault="kill before mail")
    lab.until(lambda: ready("invoices"))
properties, _ = first_in("invoices")
int(properties.headers["x-delivery-count"])

# %% [markdown]
# Two consumers died, and the third knows it. It can tell *before* it touches the message.
#
# ## Park it with a reason
#
# Whoever looks at a parked message next Monday wants to know what went wrong. Only the consumer knows, so the consumer has to
# write it on the message. A message cannot be changed in its queue: the consumer publishes it to `parked`, with two headers
# more, and acknowledges the one it was handed. Headers that begin with `x-` are the broker's counts about the
# message in its old queue, and some versions go on counting from them; they stay behind.


# %% tags=["teaches"]
def own_headers(properties):
    """The message's headers without those of the broker's, whose names begin with x-."""
    return {name: value for name, value in (properties.headers or {}).items() if not name.startswith("x-")}


def park(ch, got, reason, attempts):
    """Move a delivery into the queue `parked`, with the headers `reason` and `attempts`; all else stays as it was.

    ch: a channel in confirm mode. Raises what pika raises when `parked` does not take it; it is not acknowledged then.
    """
    delivery, properties, body = got
    properties.headers = {**own_headers(properties), "reason": reason, "attempts": attempts}
    ch.basic_publish("", "parked", body, properties, mandatory=True)
    ch.basic_ack(delivery.delivery_tag)


# %% [markdown]
# Two steps, and the consumer can be killed between them. Here it is, once with the steps as above, once the other way round.


# %%
def park_too_late(ch, got, reason, attempts):
    ch.basic_ack(got[0].delivery_tag)
    ch.basic_publish("", "parked", got[2], got[1], mandatory=True)


# %%
def park_one(parameters, how):
    ch = confirming(parameters)
    how(ch, next(ch.consume("invoices")), "no JSON", 1)


def nobody_consumes(queue):
    """Whether the broker has noticed the consumer's death: then it no longer counts it."""
    return ch.queue_declare(queue, passive=True).method.consumer_count == 0


# %% [markdown]
# **Predict first**: killed between the two steps, how many messages are in `invoices` and in `parked`, first as above, then
# the other way round? Four numbers.

# %%
predict(
    "25.p3",
    ### BEGIN SOLUTION
    1, 1, 0, 0,
    ### END SOLUTION
)

# %%
places = []
for how, fault in ((park, "kill after basic.publish"), (park_too_late, "kill after basic.ack")):
    fresh("invoices", POISON)
    fresh("parked")
    lab.run(park_one, lab.amqp(), how, fault=fault)
    lab.until(lambda: nobody_consumes("invoices"))
    places += [ready("invoices"), ready("parked")]
happened("25.p3", *places)

# %% [markdown]
# Twice, or not at all. Lab 24 has made that choice already: publish with a confirm, then acknowledge. The poison that is in
# `invoices` still will be parked a second time; both copies have the same message id, and whoever looks at the parked ones
# sees that they are one.
#
# ### Exercise 25.1: try_or_park
#
# Write `try_or_park(ch, got, work, limit)`, which handles one delivery from a quorum queue. It calls `work(got[2])`, once or
# not at all. A message gets at most `limit` deliveries; the last one that fails parks it. *Attempts* are deliveries of this
# message that did not end well, also those that ended with the death of their consumer. What arrives and has had `limit` of
# them, or more because the limit was lowered, is parked untouched. Only `basic_reject` gives back. In the queue `parked` the
# header `attempts` is their number, and `reason` a text: the class and the message of the exception (`repr(error)` has both),
# or your own words where there is none. When `parked` does not take the message, it must still be in its queue; what pika
# raises may come out. Don't rely on `x-delivery-count` being there at first, nor on any header: `properties.headers` can be
# `None`. You may use `park`.
#
# The check has orders that fail once, always, and with their consumer; it kills consumers at every step.

# %% tags=["teaches"]
@exercise("25.1")
def try_or_park(ch, got, work, limit):
    """Do one delivery from a quorum queue: acknowledged when done, given back when it failed, parked at the limit.

    ch: a channel in confirm mode. got: (delivery, properties, body). work: called with the body; may raise any Exception.
    limit: deliveries that a message gets at most.
    """
    ### BEGIN SOLUTION
    delivery, properties, body = got
    attempts = (properties.headers or {}).get("x-delivery-count", 0)
    if attempts >= limit:
        return park(ch, got, "its consumers died", attempts)
    try:
        work(body)
    except Exception as error:
        if attempts + 1 < limit:
            ch.basic_reject(delivery.delivery_tag, requeue=True)
        else:
            park(ch, got, repr(error), attempts + 1)
    else:
        ch.basic_ack(delivery.delivery_tag)
    ### END SOLUTION


# %%
try_or_park = check("25.1")

# %% [markdown]
# Stuck? `hint("25.1")`, `hint("25.1", 2)`, `reveal("25.1")`; all three are in `workbook`. The lab goes on either way.
#
# Now the three orders once more, with a limit of 3:

# %%
lab.again()
fresh("parked")
fresh("invoices", POISON, *GOOD, x_queue_type="quorum", x_delivery_limit=10)
deliveries = drain(ch, "invoices", partial(try_or_park, work=partial(write_invoice, world), limit=3))
print(deliveries, "deliveries,", len(world.mails()), "mails,", ready("parked"), "parked")

# %%
_, properties, body = ch.basic_get("parked", auto_ack=True)
print(body, "\n", properties.headers["reason"], "\n", int(properties.headers["attempts"]), "attempts")

# %% [markdown]
# The neighbours had no delivery in 1,000 before; now each has its one. The `x-delivery-limit` of 10 on the queue is now a
# safety net under your own code; in a real shop it has a dead letter exchange too.
#
# ## Again, but later
#
# Three attempts, how long did they take? A few milliseconds. That helps against a race, and not against a mail
# provider that is down for a minute: every order of that minute is tried three times at once, and parked. The next
# attempt has to come *later*. A consumer that sleeps is no solution: while it waits for one order, all others wait too.
#
# So the message has to wait, in the broker. Queues know two kinds of time to live (*TTL*). What has been in a queue for
# longer than its TTL *expires*, and an expired message is dead-lettered like a rejected one. `x-message-ttl` on the queue is
# for all its messages, in milliseconds:

# %%
fresh("ripe")
TO_RIPE = {"x_dead_letter_exchange": "", "x_dead_letter_routing_key": "ripe"}
fresh("wait", b"order 4", x_message_ttl=50, **TO_RIPE)
properties, body = first_in("ripe")
body, deaths(properties)

# %% [markdown]
# The other kind is written on a single message, as its `expiration`. That looks more practical: one queue in which each
# message waits as long as it should.
#
# **Predict first.** A queue without a TTL gets two messages: the first one may wait for a minute, the second for 50 ms.
# A fifth of a second later, how many of the two have come out?

# %%
predict(
    "25.p4",
    ### BEGIN SOLUTION
    0,
    ### END SOLUTION
)


# %%
def put_to_wait(queue, body, milliseconds):
    ch.basic_publish("", queue, body, pika.BasicProperties(expiration=str(milliseconds)), mandatory=True)


# %%
fresh("ripe")
fresh("wait", **TO_RIPE)
put_to_wait("wait", b"in a minute", 60_000)
put_to_wait("wait", b"at once", 50)
connection.sleep(0.2)
print("still waiting:", ready("wait"))
happened("25.p4", ready("ripe"))

# %% [markdown]
# RabbitMQ looks at the head of a queue only. What is behind a message with a longer time waits as long as that one does. With
# a queue for each delay that can't happen, since there everybody waits equally long.
#
# ### Exercise 25.2: Retries
#
# Write the two methods of `Retries`. `declare(ch)` declares the work queue `self.queue` and whatever else you need, all
# durable; each service calls it when it starts, so it is called again and again. Queues of other services, with the same
# delay or another, are on the same broker. `handle(ch, got, work)` handles one delivery from the work queue: what has failed
# is back in the work queue after `self.delay` milliseconds, not before and not much later; after `self.limit` attempts it is
# parked as in 25.1: with `reason` and `attempts`, and no other header that it did not have when it came. An *attempt* is here
# a call of `work` that raised, and `self.limit` is the number of calls. (In 25.1 both were about deliveries, as a dead consumer raises
# nothing. Work that kills its consumer is not judged here; in a shop, count as in 25.1 as well.)
#
# `handle` returns at once (the check waits for 3 seconds). The next attempt is made by another process, which knows only what
# is in the message. Some messages have been dead-lettered in another queue before they came here, and that is no attempt. At
# every moment somebody must have the message: the check kills the consumer at every step. It lets a message of its own wait
# for three quarters of your delay, and another for one and a half times as long, and looks in which order all of them come
# into the work queue. If you publish the message yourself, don't count on its `x-death`: RabbitMQ 3.10 goes on counting from
# it, 4.0 ignores it, and the check takes it off. The queue `parked` is there already.

# %% tags=["teaches"]
@exercise("25.2")
class Retries:
    """Retries for the messages of one work queue.

    queue: its name. delay: milliseconds between two attempts. limit: how many attempts a message gets.
    """

    def __init__(self, queue, delay, limit):
        self.queue, self.delay, self.limit = queue, delay, limit

    def declare(self, ch):
        """Declare the work queue, and whatever is needed so that a message can wait; safe to call again."""
        ### BEGIN SOLUTION
        wait = f"{self.queue}.wait"
        for queue, arguments, then in ((self.queue, {}, wait), (wait, {"x-message-ttl": self.delay}, self.queue)):
            arguments = {**arguments, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": then}
            ch.queue_declare(queue, durable=True, arguments=arguments)
        ### END SOLUTION

    def handle(self, ch, got, work):
        """Do one delivery: acknowledged when done, back after the delay when it failed, parked after the last attempt."""
        ### BEGIN SOLUTION
        delivery, properties, body = got
        try:
            work(body)
        except Exception as error:
            before = [count for queue, reason, count in deaths(properties) if (queue, reason) == (self.queue, "rejected")]
            attempts = sum(before) + 1
            if attempts < self.limit:
                ch.basic_reject(delivery.delivery_tag, requeue=False)
            else:
                park(ch, got, repr(error), attempts)
        else:
            ch.basic_ack(delivery.delivery_tag)
        ### END SOLUTION


# %%
Retries = check("25.2")

# %% [markdown]
# What your way costs. Give the message back with a reject, and the broker moves it, *without confirms*: when the wait queue is
# gone or refuses it, the message is nowhere. Publish it to the wait queue yourself and acknowledge then, and you learn of
# that; but a crash between the two leaves it twice. The check has the consumer killed, not the wait queue taken away, and
# lets you choose.
#
# Let the mail provider be away for two attempts. One poison and one good order go through it, with a delay of 50 ms:

# %%
away = iter([True, True, False])


def mail_by_provider(body):
    order = json.loads(body)
    if next(away):
        raise ConnectionError("the mail provider does not answer")
    world.mail(order["customer"], f"contract for order {order['order']}")


# %%
lab.again()
fresh("parked")
retries = Retries("contracts", 50, 3)
retries.declare(ch)
for body in (POISON, GOOD[0]):
    publish(ch, "", "contracts", body, body.decode())

# %% [markdown]
# Each round waits until both are back, and handles them:

# %%
for attempt in (1, 2, 3):
    lab.until(lambda: ready("contracts") == 2)
    drain(ch, "contracts", partial(retries.handle, work=mail_by_provider))
    print(f"attempt {attempt}: {len(world.mails())} mails, {ready('parked')} parked")

# %% [markdown]
# The good order survived its provider's bad moment. The poison had three attempts as well, though the first could have told:
# no time mends a message that is no JSON. Services that can tell the two apart park at once what will never work. When in
# doubt, try again.
#
# ## What was parked comes back late
#
# Next Monday the bug is found and mended, and the parked messages are to be done after all. Moving them back is called a
# *redrive*. It is a consumer of the parking queue and a publisher to the work queue, and you know what it must not do:


# %%
def redrive_carelessly(ch, parked, queue):
    moved = 0
    while (got := ch.basic_get(parked, auto_ack=True))[0]:
        ch.basic_publish("", queue, got[2], got[1])
        moved += 1
    return moved


judge("25.3", redrive_carelessly, expect="lost")

# %% [markdown]
# ### Exercise 25.3: redrive
#
# Write `redrive(ch, parked, queue)`. It moves the messages that are in the queue `parked` when it begins into `queue`, in
# their order, and returns how many it has moved; somebody else may take some of them away while it runs, then it moves fewer.
# What is parked meanwhile stays parked, and is free for others when redrive returns: your fix may be none, and then what you
# move is parked again while you still run. A moved message is the same message as before: the same properties, the same
# headers of its own, and none more. But the marks of its failures (`reason`, `attempts`, `x-death`) are gone, so that it has
# all attempts before it again. When `queue` does not take a message, what pika raises comes out, and that message stays
# parked; what you hold then comes free with your channel.
#
# The check kills your redrive at every step and runs it again. Nothing may be lost, and only the message in hand may be in
# `queue` twice, under one id.

# %% tags=["teaches"]
@exercise("25.3")
def redrive(ch, parked, queue):
    """Move what is in the queue `parked` now back into `queue`, and return how many messages that were.

    ch: a channel in confirm mode. Raises what pika raises when `queue` does not take a message; that one stays parked.
    """
    ### BEGIN SOLUTION
    moved = 0
    for _ in range(ch.queue_declare(parked, passive=True).method.message_count):
        delivery, properties, body = ch.basic_get(parked)
        if delivery is None:
            break
        headers = own_headers(properties)
        properties.headers = {name: value for name, value in headers.items() if name not in ("reason", "attempts")}
        ch.basic_publish("", queue, body, properties, mandatory=True)
        ch.basic_ack(delivery.delivery_tag)
        moved += 1
    return moved
    ### END SOLUTION


# %%
redrive = check("25.3")

# %% [markdown]
# ## Back, and in use
#
# The service Contracts keeps the address of each business partner. Partner 7 moves twice; the service has a bug, it cannot
# read an apostrophe.

# %%
MOVES = [b'{"partner": 7, "street": "O\'Hara Street"}', b'{"partner": 7, "street": "Oak Lane"}']
addresses = {}


# %%
def note_address(body, mended=False):
    move = json.loads(body)
    if "'" in move["street"] and not mended:
        raise ValueError("unexpected '")
    addresses[move["partner"]] = move["street"]


# %% [markdown]
# Both messages are delivered, the first one fails and is parked. The bug is mended, the parked message is moved back, and
# done.
#
# **Predict first**: which street does the service know for partner 7 in the end? `"O'Hara Street"` or `"Oak Lane"`, where the
# partner lives now.

# %%
predict(
    "25.p5",
    ### BEGIN SOLUTION
    "O'Hara Street",
    ### END SOLUTION
)

# %%
fresh("parked")
fresh("addresses", *MOVES, x_queue_type="quorum", x_delivery_limit=10)
drain(ch, "addresses", partial(try_or_park, work=note_address, limit=2))
print("while it is parked:", addresses[7])
print("moved back:", redrive(ch, "parked", "addresses"))
drain(ch, "addresses", partial(try_or_park, work=partial(note_address, mended=True), limit=2))
happened("25.p5", addresses[7])

# %% [markdown]
# Each message was applied once, nothing was lost, and the result is wrong: the older one came last. Parking breaks the order,
# and no redrive mends that. A delayed retry does the same in small. Where the order within a key matters (here: of one
# partner), there are two ways. Either all later messages of that key are parked too, until the first one is done: that keeps
# the order and stops the key. Or the consumer can tell old from new by a version in the message, and ignores what is older
# than what it knows.
#
# ## What the real ones do
#
# | system | a failed message | and in the end |
# |---|---|---|
# | RabbitMQ, quorum queue | back at once, counted | dead-lettered above the delivery limit; dropped without a dead letter exchange |
# | Spring AMQP, as it comes | is put back, again and again (`defaultRequeueRejected` is true); what cannot be converted is rejected for good | dead-lettered if the queue says so |
# | Sidekiq (lab 13) | again later, 25 times, with growing delays | dead set, 10,000 jobs or 6 months |
#
# Against the loss in RabbitMQ's own dead-lettering, quorum queues offer `dead-letter-strategy` *at-least-once*, which needs
# `overflow` *reject-publish*. And a message that goes round in a circle by expiring only, never rejected by a consumer, is
# dropped by RabbitMQ. Your rounds are safe from that: each begins with a reject, or with a publish of your own.
#
# Ask any queue at work: *what happens the second time, and the hundredth? who sees that something was parked?*
#
# ## When to choose this
#
# Park at once what no time will mend. Retry later what depends on others, a few times, with a queue for each delay. Put a
# delivery limit with a dead letter exchange under every quorum queue, for what kills its consumer. Give each parking queue an
# owner and an alarm on its length, at one message: a parking queue at which nobody looks is a slow way to throw messages
# away. And where order within a key matters, decide before the first message is parked what becomes of those behind it.

# %%
score()

# %% [markdown]
# ## Recall
#
# 1. A consumer ends with each exception and is started again. What becomes of the messages behind a poison message?
# 2. What is wrong with giving a failed message back, even if some other consumer could do it?
# 3. `basic_reject` with `requeue=False`: name the two things that can happen to the message.
# 4. The delivery limit is 3. How many deliveries, and where is the message afterwards, if you have said nothing else?
# 5. Why can a consumer's own count not stop a message that kills its consumer? Who counts instead?
# 6. In which order are the publish to the parking queue and the acknowledgement, and what does a crash between them cost?
# 7. Why does a message with an expiration of 50 ms wait for a minute? How is that avoided?
# 8. Which entry of `x-death` counts the attempts at your queue, and which are not about it?
# 9. What may a redrive not move, and what must it take off the messages that it moves?
# 10. Nothing was lost or doubled, and the address is wrong. What happened?
