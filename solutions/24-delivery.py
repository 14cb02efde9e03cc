# %% [markdown]
# # 24 · Delivery: what happened to my message?
#
# **You build** the two ends of a queue that loses nothing: a publisher that says truthfully what became of a message, and
# a consumer that can be killed at any moment; and a way to do work that takes longer than the broker's patience.
#
# **Time** 50 minutes. **You need** RabbitMQ (running), and what lab 22 is about: publishers send to an *exchange*, services
# read from *queues*, *bindings* connect the two. If you come here first, the recap is enough.
#
# **From the talk** *no exactly-once delivery*, *at least once or at most once*, and the *idempotent consumer*: the same
# three truths as for background jobs, now with a network on both sides of the broker.
#
# <!-- budget: cells 90, because publishing, consuming and long work each have their own failures, predictions and exercise -->
# <!-- budget: median 5, because nearly every demonstration needs a queue, a process that fails and a look at what is left -->

# %% [markdown]
# ## Recap
#
# 1. A publisher sends a *message* (some bytes) with a *routing key* to an *exchange*. It knows no receiver.
# 2. A *binding* says: messages with this key go into that *queue*. The broker puts a copy into each queue that is bound.
# 3. A *consumer* is handed messages from one queue and *acknowledges* them: then the broker forgets them.
# 4. Everything goes over a *connection* (one TCP connection to the broker), which carries *channels* (conversations).
# 5. Publisher, broker, consumer and the two connections between them can each fail, at every moment.

# %%
from concurrent.futures import ThreadPoolExecutor

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker, NackError, UnroutableError

from workbook import check, exercise, figures, happened, judge, open_lab, predict, score
from workbook.line import Line
from workbook.proxy import lost_reply

# %% [markdown]
# `lab.connect()` opens an ordinary `pika.BlockingConnection`. `heartbeat=0` belongs to a notebook, which says nothing for
# minutes while you read; what it costs a program at work you will see in the last part. `lab.world` is the world outside of
# the broker: it notes the mails that were sent and the cards that were charged, and nothing takes them back. The exchange
# `orders` is *direct*: it compares a message's key with the key of each binding, letter by letter. Everything lives in a
# *virtual host* (vhost) of its own, a corner of the broker whose names nobody else sees.

# %%
lab = open_lab("24")
world = lab.world
connection = lab.connect(heartbeat=0)
ch = connection.channel()
ch.exchange_declare("orders", "direct", durable=True)
connection.is_open, ch.is_open

# %% [markdown]
# Two helpers for this notebook. The first makes an empty queue, binds it to the exchange `orders` for a key, and can put
# some orders into it. *Durable* means that the queue itself survives a restart of the broker. The exchange with the empty
# name, `""`, is the *default exchange*: there each queue is bound already, with its own name as the key.

# %%
def fresh(queue, key=None, arguments=None, orders=0):
    ch.queue_delete(queue)
    ch.queue_declare(queue, durable=True, arguments=arguments)
    if key:
        ch.queue_bind(queue, "orders", key)
    for n in range(1, orders + 1):
        ch.basic_publish("", queue, f"order {n}".encode())


# %% [markdown]
# The second tells how many messages wait in a queue. A *passive* declaration declares nothing, it only looks. It does not
# look behind the publish before it, though: the broker answers it while the message is still on its way through the broker.
# So this notebook's own channel waits for the broker's answer to each publish, which you will get to know in a minute.

# %%
ch.confirm_delivery()


def ready(queue):
    return ch.queue_declare(queue, passive=True).method.message_count


# %% [markdown]
# ## A publish that returns and a message that is gone
#
# The service Billing wants to know about every order that was placed. The checkout publishes two orders on a channel as
# pika opens it. In the second publish somebody has mistyped the key. `basic_get` then asks the queue for a message, twice; it
# gives three things, delivery, properties and body (`[2]`), or three times `None`.

# %%
fresh("billing", "placed")
plain = connection.channel()
plain.basic_publish("orders", "placed", b"order 1")
plain.basic_publish("orders", "palced", b"order 2")
[plain.basic_get("billing", auto_ack=True)[2] for _ in range(2)]

# %% [markdown]
# Both calls returned, and one message arrived. No queue is bound for the key `palced`, so the broker threw `order 2` away,
# as the protocol demands. Nobody was told. Here is a publisher that looks careful: it catches everything that can be
# raised. (Its channel is *in confirm mode*, which is the next section.) `judge` runs it by the rules of the exercise that you
# will solve below; it must fail, and `expect=` names the failure that it is there to show.

# %%
def naive_publish(ch, exchange, key, body, message_id):
    try:
        ch.basic_publish(exchange, key, body)
    except Exception:
        return "refused"
    return "published"


judge("24.1", naive_publish, expect="untruthful")

# %% [markdown]
# *Untruthful* is worse than an error: the checkout tells the customer that all is well, and no program in the shop will
# ever look for `order 2` again.
#
# ## Five ways to fail
#
# A channel can be switched to *confirm mode*: from then on the broker answers each publish, with an `ack` (all queues that
# the message was routed to have it) or a `nack` (it could not be taken). pika's `basic_publish` then waits for that answer.
# For a persistent message in a durable queue the `ack` also means that it is on disk; one node's disk is one disk, and
# replicated (*quorum*) queues exist for who needs more.
# The second function below runs in a worker, a process of its own, so that it may hang without hanging your notebook.

# %% tags=["teaches"]
def confirming(parameters):
    """A channel in confirm mode, on a new connection."""
    ch = pika.BlockingConnection(parameters).channel()
    ch.confirm_delivery()
    return ch


# %%
def publish_once(parameters, exchange, key, body):
    confirming(parameters).basic_publish(exchange, key, body)


# %% [markdown]
# Five things go wrong, one at a time:
#
# 1. *no exchange*: the exchange is called `oders`, which does not exist
# 2. *no binding*: the key is `palced`, for which no queue is bound
# 3. *full queue*: the queue may hold one message, holds one, and is told to reject what is too much
# 4. *lost confirm*: the broker takes the message, and the connection breaks before its `ack` arrives
# 5. *alarm*: the broker has run out of memory
#
# **Predict first.** What does `basic_publish` do, each time, in confirm mode? Five words in the order of the list, each
# `"returns"`, `"raises"` or `"hangs"`.

# %%
predict(
    "24.p1",
    ### BEGIN SOLUTION
    "raises", "returns", "raises", "raises", "hangs",
    ### END SOLUTION
)

# %% [markdown]
# The first three need nothing but a queue that is full: a limit of one message, and one message in it.

# %%
fresh("archive", "archived", {"x-max-length": 1, "x-overflow": "reject-publish"}, orders=1)
ready("archive")

# %% tags=["system:rabbitmq"]
says, seen = {"returned": "returns", "raised": "raises", "overran": "hangs"}, {}
for case, exchange, key in (("exchange", "oders", "placed"), ("binding", "orders", "palced"), ("room", "orders", "archived")):
    outcome = lab.run(publish_once, lab.amqp(), exchange, key, b"order 3")
    seen[case] = says[outcome.kind]
    print(f"no {case:8} {seen[case]:7} {outcome.error.kind if outcome.error else 'nothing'}")

# %% [markdown]
# So a confirm alone does not help against a wrong key: *all* queues that the message was routed to have it, and there were
# none. The fourth case takes a proxy that swallows one confirm:

# %%
fresh("billing", "placed")
with lost_reply("rabbitmq") as proxy:
    bad_line = lab.amqp(host=proxy.host, port=proxy.port)
    outcome = lab.run(publish_once, bad_line, "orders", "placed", b"order 4")
seen["lost confirm"] = says[outcome.kind]
print(seen["lost confirm"], outcome.error.kind, "- and in the queue:", ready("billing"))

# %% [markdown]
# It raised, and the message is there. Whoever reads an exception as "not sent" is wrong now.
#
# The fifth reaches everybody who uses a broker, so it happens on a crash-test broker that is yours alone. Above its memory
# limit RabbitMQ stops reading from connections that publish. Two seconds are given to the publisher, then it is killed.
# When the alarm is over, the queue is looked at once more. Starting that broker takes some ten seconds.

# %%
with lab.crash_test("rabbitmq") as corner:
    there = corner.connect().channel()
    there.queue_declare("billing", durable=True)
    with corner.broker.memory_alarm():
        blocked = corner.amqp(blocked_connection_timeout=None)
        seen["alarm"] = says[corner.run(publish_once, blocked, "", "billing", b"order 5", within=2).kind]
    _, _, late = next(there.consume("billing", inactivity_timeout=10))
print(seen["alarm"], "- and after the alarm the queue has:", late)

# %%
happened("24.p1", *seen.values())

# %% [markdown]
# The publisher waited for ever, because pika's `blocked_connection_timeout` is off by default; set it, and a publisher
# under the alarm gets a `ConnectionBlockedTimeout`. Either way the bytes are on their way already: as soon as the broker
# reads again it takes the message of a publisher that is long dead. A time-out never says "it did not happen".
#
# So there are four outcomes, not two:
#
# | word | what is known | in pika, in confirm mode |
# |---|---|---|
# | published | every queue it was routed to has it, and there was one | returns |
# | unroutable | no queue takes it | `UnroutableError`, if you ask for it |
# | refused | the broker said no | `NackError` (a full queue), `ChannelClosedByBroker` (no such exchange) |
# | unknown | nothing | everything else: a lost connection, a time-out |
#
# Asking for it is done with `mandatory=True`: a message that goes to no queue is sent back, as a `basic.return`, before it
# is confirmed.

# %% tags=["system:amqp"]
confirmed = confirming(lab.amqp())
try:
    confirmed.basic_publish("orders", "palced", b"order 2", mandatory=True)
except UnroutableError as error:
    print(error.messages[0].method.reply_code, error.messages[0].method.reply_text, "- channel open:", confirmed.is_open)

# %% [markdown]
# With a missing exchange the broker closes the whole channel, and the code that owns it has to open another:

# %%
confirmed = confirming(lab.amqp())
try:
    confirmed.basic_publish("oders", "placed", b"order 3", mandatory=True)
except ChannelClosedByBroker as error:
    print(error.reply_code, "- channel open:", confirmed.is_open)

# %% [markdown]
# ### Exercise 24.1: publish
#
# Write `publish`. It returns one of the four words and raises nothing of pika's. The message must be *persistent*
# (`delivery_mode=2`, it survives a restart of the broker like its queue) and carry `message_id`; both are fields of
# `pika.BasicProperties`. `ch` is in confirm mode. Whoever gets `"unknown"` calls `publish` again, on a new channel, with
# the same id.

# %% tags=["teaches"]
@exercise("24.1")
def publish(ch, exchange, key, body, message_id):
    """Publish `body`, persistent and named `message_id`, and say in a word what became of it.

    "published"    at least one queue has it, and every queue that it was routed to
    "unroutable"   no queue is bound for it
    "refused"      the broker said no: a queue is full, there is no such exchange
    "unknown"      the conversation ended before the broker had answered; it may be there

    ch: a channel in confirm mode. It may be closed afterwards; `ch.is_open` tells.
    """
    ### BEGIN SOLUTION
    properties = pika.BasicProperties(message_id=message_id, delivery_mode=2)
    try:
        ch.basic_publish(exchange, key, body, properties, mandatory=True)
    except UnroutableError:
        return "unroutable"
    except (NackError, ChannelClosedByBroker):
        return "refused"
    except AMQPError:
        return "unknown"
    return "published"
    ### END SOLUTION


# %%
publish = check("24.1")

# %% [markdown]
# Stuck? `hint("24.1")`, `hint("24.1", 2)`, `reveal("24.1")`; all three are in `workbook`. The lab goes on either way.
#
# ## Publishing again makes a second copy
#
# What to do about `"unknown"`? Publish again, until the outcome is known:

# %% tags=["teaches"]
def publish_until_known(parameters, exchange, key, body, message_id, attempts=5):
    """Publish on a new connection each time, with the same message id, until the outcome is known; returns the word."""
    for _ in range(attempts):
        word = publish(confirming(parameters), exchange, key, body, message_id)
        if word != "unknown":
            break
    return word


# %% [markdown]
# The confirm is lost once, exactly as before. The second attempt gets through.

# %% tags=["talk:mom-no-exactly-once"]
fresh("billing", "placed")
with lost_reply("rabbitmq") as proxy:
    bad_line = lab.amqp(host=proxy.host, port=proxy.port)
    print(lab.run(publish_until_known, bad_line, "orders", "placed", b"order 6", "id of order 6").value)
copies = [ch.basic_get("billing", auto_ack=True) for _ in range(ready("billing"))]
[(properties.message_id, body) for _, properties, body in copies]

# %% [markdown]
# One order, two messages. The publisher did everything right: not publishing again could have meant no message at all,
# since a lost message and a lost confirm look the same from where it stands. It cannot do better, and the broker does not
# compare messages. But the copies have something in common, their id, and the *receiver* can use it.
#
# Billing charges a card. The payment provider takes an *idempotency key*: the same key a second time charges nothing. First
# without the key, then with the message id as the key:

# %% tags=["talk:idempotent-consumer"]
for with_key in (False, True):
    world.forget()
    for _, properties, body in copies:
        world.charge(body.decode(), 4900, key=properties.message_id if with_key else None)
    print("with the message id as key:" if with_key else "without a key:", len(world.charges()), "charged")

# %% [markdown]
# That is an *idempotent consumer*: doing it again changes nothing. Where the effect is in your own database, the id and the
# effect go into one transaction (lab 16). A consumer that invents its own ids, or a publisher that makes a new one for each
# attempt, takes this away from everybody behind it.
#
# ## Refused is not nowhere
#
# One more reason for ids. Now *two* queues are bound for the key `archived`: Billing's, with room, and the archive's, which
# is full.

# %%
fresh("billing", "archived")
word = lab.run(publish_until_known, lab.amqp(), "orders", "archived", b"order 7", "id of order 7").value
print(word, "- and Billing has", ready("billing"))

# %% [markdown]
# One queue said no, so the broker said `nack`, and the other queue has the message all the same. Publish it again when
# there is room, and Billing gets it twice. With more than one queue, *refused* means "not everybody has it". The id, again,
# makes that harmless.
#
# ## Confirmed, and a service starves
#
# Two services need every order that was placed: Billing and Mail. Mail's team declared its queue, and forgot the binding.
#
# **Predict first**: five orders are published, mandatory and confirmed. Which word does `publish` say each time, and how
# many messages does Mail get?

# %%
predict(
    "24.p2",
    ### BEGIN SOLUTION
    "published", 0,
    ### END SOLUTION
)

# %%
fresh("billing", "placed")
fresh("mail")
for n in range(1, 6):
    message = f"order {n}".encode(), f"id of order {n}"
    word = lab.run(publish_until_known, lab.amqp(), "orders", "placed", *message).value
    print(word, "- Billing has", ready("billing"), "and Mail has", ready("mail"))
happened("24.p2", word, ready("mail"))

# %% [markdown]
# Nobody has told a lie. *Mandatory* means at least one queue, not every service that should have been there. The publisher
# cannot know who should: that it need not know its receivers is what you wanted (lab 22), and this is the price of that
# anonymity. Only somebody who holds the list of needs can notice. The broker's management API knows every binding, so a
# check after each deployment, outside of all services, is a few lines:

# %%
needs = {"billing", "mail"}
bindings = lab.manage("GET", "exchanges/{vhost}/orders/bindings/source")
needs - {binding["destination"] for binding in bindings if binding["routing_key"] == "placed"}

# %% [markdown]
# ## When may the broker forget?
#
# On to the other end. A consumer can ask for messages with *automatic acknowledgement*: the broker forgets a message as
# soon as it has written it to the connection. Or it acknowledges by hand, when the mail is sent: it names the message by its
# `delivery_tag`, the number that the broker gave to this delivery on this channel. This consumer can do both:

# %%
def send_mails(parameters, world, auto_ack):
    ch = pika.BlockingConnection(parameters).channel()
    for method, _, body in ch.consume("mail", auto_ack=auto_ack):
        world.mail("a customer", body.decode())
        if not auto_ack:
            ch.basic_ack(method.delivery_tag)


# %% [markdown]
# Twenty orders wait. The consumer is killed at its third mail, right before or right after sending it. The broker notices
# the broken connection, removes the consumer, and puts back whatever was handed out and not acknowledged. `lab.again()` begins
# the next experiment: it ends the workers of the last one and lets `world` forget.

# %%
def after_the_kill(auto_ack, fault):
    lab.again()
    fresh("mail", orders=20)
    lab.run(send_mails, lab.amqp(), world, auto_ack, fault=fault)
    while ch.queue_declare("mail", passive=True).method.consumer_count:
        pass  # the broker has not noticed yet
    return len(world.mails()), ready("mail")


# %% [markdown]
# **Predict first.** How many mails go out in the end, when another consumer sends whatever is left in the queue? Four
# numbers: automatic, killed before the third mail; automatic, killed after it; by hand, before; by hand, after.

# %%
predict(
    "24.p3",
    ### BEGIN SOLUTION
    2, 3, 20, 21,
    ### END SOLUTION
)

# %% tags=["talk:mom-at-least-or-at-most"]
in_the_end = []
for auto_ack in (True, False):
    for fault in ("kill before mail 3", "kill after mail 3"):
        sent, left = after_the_kill(auto_ack, fault)
        print(f"{'automatic' if auto_ack else 'by hand':10} {fault:19} sent {sent}, left {left}")
        in_the_end.append(sent + left)
happened("24.p3", *in_the_end)

# %% [markdown]
# Automatic is *at most once*, and one crash did not cost one mail but all that had been pushed: with automatic
# acknowledgement the broker sends as fast as it can, and what lies in the dead consumer's memory is gone. By hand is *at
# least once*: nothing lost, one mail twice. What comes back is marked:

# %%
back = [ch.basic_get("mail", auto_ack=True) for _ in range(ready("mail"))]
[(method.redelivered, body) for method, _, body in back[:2]], sum(method.redelivered for method, _, _ in back)

# %% [markdown]
# `redelivered` is set on all eighteen, but only `order 3` was worked. The flag says "somebody has had this before", not
# "somebody has done this". It may spare you a look-up for messages without it; it never replaces the id.
#
# A consumer that stops must say so. After a `break` out of `ch.consume(queue)` the broker still knows it and keeps handing it
# messages, until the channel closes; `ch.cancel()` (for a callback: `ch.stop_consuming()`) ends that and gives back what was
# handed out and not worked. Who asks with `basic_get` has nothing to cancel.

# %% [markdown]
# ### Exercise 24.2: consume
#
# Write `consume`. It calls `work(body)` with each message of `queue`, one after the other, until work returns `False`: that
# message is done too, and what waits is left to others. An empty queue is no reason to leave. What work raises comes out of
# `consume`. Use `ch.consume(queue)`, `ch.basic_get(queue)` or `ch.basic_consume` with a callback: all three can do it. The
# check kills your consumer when a message was delivered, worked, acknowledged, and lets a second run of it do the rest.

# %% tags=["teaches"]
@exercise("24.2")
def consume(ch, queue, work):
    """Call `work(body)` with each message of `queue`, until it returns False.

    A message is acknowledged when its work has returned (also the last one), and before the next work begins. What work
    raises comes out of consume, and its message is not acknowledged. When consume has returned, what waits is free for others.
    """
    ### BEGIN SOLUTION
    ch.basic_qos(prefetch_count=1)
    for method, _, body in ch.consume(queue):
        go_on = work(body)
        ch.basic_ack(method.delivery_tag)
        if go_on is False:
            break
    ch.cancel()
    ### END SOLUTION


# %%
consume = check("24.2")

# %% [markdown]
# ## Who gets how much
#
# Killing the consumer above gave eighteen messages back, not one: the broker had handed out all twenty at once. How many
# messages a consumer may hold unacknowledged is its *prefetch*, and by default there is no limit. (With automatic
# acknowledgement prefetch does not apply at all, since nothing is ever unacknowledged.) Two mail workers share a queue. The
# slow one comes first and stands still in its first mail; the fast one then takes whatever it can get.

# %%
def slow_mails(parameters, world, prefetch):
    ch = pika.BlockingConnection(parameters).channel()
    ch.basic_qos(prefetch_count=prefetch)
    for method, _, body in ch.consume("mail"):
        world.mail("a customer", body.decode())
        ch.basic_ack(method.delivery_tag)


# %% [markdown]
# The fast one asks with `basic_get`, to which prefetch does not apply, and goes home when the broker says that nothing waits.

# %%
def fast_mails(parameters, world):
    ch = pika.BlockingConnection(parameters).channel()
    while (got := ch.basic_get("mail"))[0]:
        world.mail("a customer", got[2].decode())
        ch.basic_ack(got[0].delivery_tag)


# %% [markdown]
# A worker can be *held* at an exact point, here right before its first mail. A prefetch of 0 means no limit.

# %%
def sent_by_the_fast_one(prefetch):
    lab.again()
    fresh("mail", orders=20)
    slow = lab.worker(slow_mails, lab.amqp(), world, prefetch, name="slow", fault="hold before mail")
    slow.wait_held()
    lab.run(fast_mails, lab.amqp(), world, name="fast")
    return len(world.mails())


# %% [markdown]
# **Predict first**: of twenty mails, how many does the fast worker send while the slow one stands still, without a limit,
# and with a prefetch of 1?

# %%
predict(
    "24.p4",
    ### BEGIN SOLUTION
    0, 19,
    ### END SOLUTION
)

# %%
fast = {"no limit": sent_by_the_fast_one(0), "prefetch 1": sent_by_the_fast_one(1)}
happened("24.p4", *fast.values())

# %% tags=["figure"]
shares = figures.bars(
    {limit: {"slow worker has": 20 - sent, "fast worker sent": sent} for limit, sent in fast.items()},
    title="Without a prefetch limit the slow worker has all 20 orders",
    unit="orders",
    x="prefetch limit",
)
print(shares.table())
shares

# %% [markdown]
# Without a limit the first consumer *hoards*: its neighbour has nothing to do, and its memory holds the whole queue. With 1
# nobody hoards, but after each acknowledgement the worker waits for the next message to travel. RabbitMQ's own advice for
# short work is 100 to 300; for long work, where travelling does not matter, 1.
#
# ## Work longer than the broker's patience
#
# A dead TCP connection can look like a quiet one for a very long time: when a cable is pulled, nobody is told. So both sides
# send a *heartbeat* when they have nothing else to say, and give up a partner that says nothing for too long. In pika the
# heartbeats are sent by the code that waits for messages. While your work runs, that code does not.

# %%
def work_then_acknowledge(conn, ch, tag, work):
    work()
    ch.basic_ack(tag)


# %% [markdown]
# Two workers first, which the lab lets run while you go on. Both talk to the broker over a line that then goes silent, as
# behind a pulled cable. One has a heartbeat of 1 second. The other follows a piece of advice that is often given against
# what you are about to see, and turns heartbeats off.

# %%
def wait_for_the_end(parameters):
    connection = pika.BlockingConnection(parameters)
    connection.channel().basic_consume("mail", print)
    try:
        while True:
            connection.process_data_events(time_limit=1)
    except AMQPError as error:
        return type(error).__name__


# %%
line = Line(lab.address("rabbitmq")["host"], lab.address("rabbitmq")["port"])


def waiting_worker(heartbeat):
    parameters = lab.amqp(host=line.host, port=line.port, heartbeat=heartbeat)
    return lab.worker(wait_for_the_end, parameters, fault="hold after basic.consume")


# %% [markdown]
# Both are held when they consume, then the line falls silent, and they go on.

# %%
waiting = {heartbeat: waiting_worker(heartbeat) for heartbeat in (1, 0)}
print([worker.wait_held() for worker in waiting.values()])
line.silence()
for worker in waiting.values():
    worker.release()

# %% [markdown]
# Meanwhile `work_then_acknowledge`, with a heartbeat of 1 second and work that takes longer than the broker waits, which is
# up to three of them:

# %%
judge("24.3", work_then_acknowledge, expect="robbed")

# %% [markdown]
# *Robbed*: the worker was alive, and somebody else has its message by now. With the default heartbeat of 60 seconds the same
# happens to work of three minutes, which is why it shows up in production and never on the developer's machine. The effect
# is there twice, then the acknowledgement fails, and next time it is the same again.
#
# ### Exercise 24.3: work_long
#
# Write `work_long(conn, ch, tag, work)`. It calls `work()`, which takes as long as it takes, and then acknowledges `tag`.
# Meanwhile somebody must serve the connection: `conn.process_data_events(time_limit=0.1)` does so for a moment, returns
# early when something happens, and raises when the connection is lost. pika's connection is for one thread; the one thing
# that another thread may call is `conn.add_callback_threadsafe(function)`, which asks the connection's own thread to call
# it. When work raises, that exception comes out and nothing is acknowledged; when the connection is lost, pika's exception
# comes out.

# %% tags=["teaches"]
@exercise("24.3")
def work_long(conn, ch, tag, work):
    """Call `work()`, serve the connection meanwhile, and acknowledge `tag` when the work is done.

    Raises what work raises (nothing is acknowledged then), and pika's AMQPError when the connection is lost.
    """
    ### BEGIN SOLUTION
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(work)
        while not result.done():
            conn.process_data_events(time_limit=0.1)
    result.result()
    ch.basic_ack(tag)
    ### END SOLUTION


# %%
work_long = check("24.3")

# %% [markdown]
# And the two workers on the dead line? The one with a heartbeat of 1 second has noticed, or will within a dozen seconds:
# pika looks every heartbeat plus five seconds, and gives up at the second look that finds nothing new.

# %%
print("heartbeat 1:", waiting[1].finish(within=20).value)
print("heartbeat 0:", "still waiting" if waiting[0].alive else "noticed")
line.hang_up()

# %% [markdown]
# Without heartbeats a consumer waits for ever on a broker that is not there. Its process runs, its log is quiet, and the
# queue grows. Turning heartbeats off mends the robbed worker by making every worker blind; serving the connection mends it.
#
# There is a second clock, which heartbeats do not stop: RabbitMQ takes a message back that has been unacknowledged for half
# an hour (`consumer_timeout`), and closes the channel: 406 `PRECONDITION_FAILED`, "delivery acknowledgement … timed out". For
# work of that length, acknowledge when the work is *recorded* somewhere safe, and
# let a job with checkpoints do it (lab 19).
#
# ## What the real ones do
#
# | system | publishing | acknowledging | prefetch |
# |---|---|---|---|
# | pika, as it comes | no confirms, not mandatory: both are yours to ask for | by hand, unless you ask for automatic | no limit |
# | Celery on RabbitMQ | confirms only with the transport option `confirm_publish` | right before the task starts, unless `acks_late` is set: at most once | 4 for each worker process |
# | Dramatiq | confirms only with `confirm_delivery=True` | after the work; workers hand the acknowledgement to the connection's thread, as 24.3 does | 2 for each worker thread |
# | Spring AMQP | confirms and returns are two settings, both off | after the listener returns | 250 |
#
# Whatever you meet at work, ask it three questions: *does it wait for the broker's answer? what does it do with a message
# that nobody wanted? when does it acknowledge?* Celery's order can be judged like anybody's. It acknowledges first:

# %%
def acknowledge_early(ch, queue, work):
    for method, _, body in ch.consume(queue):
        ch.basic_ack(method.delivery_tag)
        if work(body) is False:
            break
    ch.cancel()


judge("24.2", acknowledge_early, expect="lost")

# %% [markdown]
# ## When to choose this
#
# Confirms and mandatory belong on everything a customer would miss; without them you save a round trip for each message,
# which a stream of mere measurements is worth. Acknowledge by hand, after the work, with a consumer that can bear a message
# twice; choose automatic only for what may be lost in bulk. Short work gets a prefetch in the hundreds, long work 1.
# Leave heartbeats on, and serve the connection. And let somebody check the bindings, because no publisher can.

# %%
score()

# %% [markdown]
# ## Recall
#
# 1. In confirm mode a publish returned normally. What do you know, and what not, without `mandatory`?
# 2. Which of the four words does an alarm lead to, with `blocked_connection_timeout` set, and why not *refused*?
# 3. Why does a publisher that does everything right put a message into the queue twice?
# 4. What must two copies share, and who uses it?
# 5. `nack` came back. Name a queue that may have the message all the same.
# 6. All was confirmed, and a service got nothing. Who could have noticed?
# 7. A consumer with automatic acknowledgement is killed right before its third mail of twenty. How many are lost, and why not one?
# 8. What does `redelivered` tell you, and what does it not?
# 9. What does a prefetch of 1 prevent, and what does it cost?
# 10. Why is `heartbeat=0` no cure for long work?
