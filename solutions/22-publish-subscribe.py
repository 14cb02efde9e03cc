# %% [markdown]
# # 22 · Publish and subscribe: telling whoever is concerned
#
# **You build** what lets one program tell others that something has happened, without knowing who they are: `subscribe`, by
# which a service says what it wants to hear of, and `catch_up`, by which a service that was away learns what it has missed.
#
# **Time** 55 minutes. **You need** RabbitMQ (running), and of lab 21 only this: a message is data, and says what it is. If
# you come here first, the recap is enough.
#
# **From the talk** *event messages*, *propagating updates* and the *disadvantages of webhooks*, *decoupling*, *resiliency*,
# *topic with queues*, *anonymity*, and why all this *fits distributed systems*.
#
# <!-- budget: cells 87, because the same update is sent twice, by webhooks and by events, with a receiver down, slow and new each time -->
# <!-- budget: median 5, because nearly every demonstration sends a change and then looks who has heard of it -->

# %% [markdown]
# ## Recap
#
# 1. The shop is no longer one program. *Services* such as Orders, Contracts and Invoices run on their own, with their own data.
# 2. A *message* is JSON in its body, and its properties say what it is: its type, its id, the message that caused it (lab 21).
# 3. A *command* tells one service what to do, `charge_card`. An *event* tells that something has happened, `order.placed`.
# 4. A *queue* of the broker RabbitMQ keeps messages until a *consumer* takes them and *acknowledges* them.
# 5. Today a customer moves house. Orders is told so at the next order, and several services keep that address.

# %%
import hashlib
import inspect
import json
from collections import Counter
from urllib.request import Request, urlopen

import pika

from workbook import check, exercise, figures, happened, judge, open_lab, predict, score
from workbook.taught.lab21 import message

# %% [markdown]
# The shop calls its customers *partners*, business partners. A service that learns a new address notes it, and confirms it
# to the partner by mail. `lab.world` is the world outside, which remembers every mail. So whoever has heard of a change,
# and how often, can be counted there.

# %%
lab = open_lab("22")
world = lab.world

# %% [markdown]
# `noted_by(service)` makes the function with which a service notes one change of address. `heard` counts the mails, service by
# service; with a number it first waits until so many have been sent, for services that work on their own.

# %%
def noted_by(service):
    return lambda change: world.mail(change["partner"], f"{service} noted {change['city']}")


def heard(mails=0):
    lab.until(lambda: len(world.mails()) >= mails, within=10)
    return dict(sorted(Counter(subject.split()[0] for _, subject in world.mails()).items()))


# %% [markdown]
# ## By webhooks
#
# The obvious way: Orders calls the others. Each service has a web address, and Orders makes an HTTP `POST` to each of them
# when an address has changed. That is a *webhook*. Three services keep addresses: Business Partners, Contracts and Invoices,
# here called by their short names. `lab.web_service` starts a real HTTP server in a process of its own, on 127.0.0.1.

# %%
web = {name: lab.web_service(name, noted_by(name)) for name in ("partners", "contracts", "invoices")}


def post(service, change):
    request = Request(web[service].url, json.dumps(change).encode(), {"Content-Type": "application/json"})
    urlopen(request, timeout=2).close()


# %% [markdown]
# And this is Orders, as far as it is concerned with addresses. Ada moves to Oslo:

# %% tags=["talk:propagating-updates"]
def orders(change):
    for service in ("partners", "contracts", "invoices"):
        post(service, change)


orders({"partner": "Ada", "city": "Oslo"})
heard()

# %% [markdown]
# Everybody knows, each once. That was the sunny day. Now three things happen that happen to every shop: a service is down,
# one is slow, one is new.
#
# ### One is down
#
# Contracts is killed, and Bob moves to Rome.

# %%
world.forget()
web["contracts"].stop()
try:
    orders({"partner": "Bob", "city": "Rome"})
except OSError as error:
    print("Orders:", type(error.reason).__name__)
heard()

# %% [markdown]
# Business Partners has heard of it. Contracts has not, and will not. Invoices has not either, though nothing is wrong with
# it: it merely comes later in a list. And Orders, which has nothing to do with contracts, fails while a customer waits.
#
# Webhooks in the wild *retry*, so these shall too. Orders keeps, for each receiver, the changes that it has not got yet, in
# their order. What could not be delivered stays, and the next round tries again. At work a timer begins the rounds; here
# you do, by calling `deliver`.

# %%
waiting = {"partners": [], "contracts": [], "invoices": []}


def orders(change):
    for service in ("partners", "contracts", "invoices"):
        waiting[service].append(change)
    deliver()


# %%
def deliver():
    for service, changes in waiting.items():
        try:
            while changes:
                post(service, changes[0])
                changes.pop(0)
        except OSError:
            pass  # it stays, for the next round


# %% [markdown]
# Contracts is still down, and Bob tries once more. `left` tells how many changes wait for each receiver:

# %%
def left():
    return {service: len(changes) for service, changes in waiting.items()}


world.forget()
orders({"partner": "Bob", "city": "Rome"})
heard(), left()

# %% [markdown]
# Better: Invoices has heard of it, Orders did not fail, and one change waits for Contracts. Contracts comes back:

# %%
web["contracts"].start()
deliver()
heard(), left()

# %% [markdown]
# ### One is slow
#
# Orders waits two seconds for an answer, then it goes on and tries again in the next round. Nobody can wait for ever. Invoices
# is started anew so that it is slow, once: it does its work, and stands still before it answers. (`hold after mail` is a
# fault that the workbook injects into a process: it is held at exactly this point. Nothing in the service's code is changed.)
#
# **Predict first.** Cleo moves to Lima. Orders tells it, and makes one more round. How many mails does Cleo get from Invoices?

# %%
predict(
    "22.p1",
    ### BEGIN SOLUTION
    2,
    ### END SOLUTION
)

# %%
world.forget()
web["invoices"].stop()
web["invoices"].start(fault="hold after mail")
orders({"partner": "Cleo", "city": "Lima"})
deliver()
print(heard())
happened("22.p1", heard()["invoices"])

# %% [markdown]
# Two. Orders had no answer, and no answer does not mean that nothing was done. Whoever retries delivers some changes twice,
# and the receivers have to bear it (labs 16 and 24). The other price is the waiting. `deliver` calls one service after
# another, and a service behind Invoices would have heard nothing for two seconds, with each change.
#
# ### One is new
#
# FraudScore is a new service, which wants to know who moves often. Whom does its team have to ask? `fingerprint` gives the
# first digits of a hash of a function's source. When one byte of the source changes, it changes.

# %%
def fingerprint(*programs):
    return {one.__name__: hashlib.sha256(inspect.getsource(one).encode()).hexdigest()[:8] for one in programs}


of_three = fingerprint(orders)
fingerprint(orders) == of_three

# %% [markdown]
# FraudScore's team puts up its web service. Then they go to the team of Orders, which has to do this:

# %%
def orders(change):
    for service in ("partners", "contracts", "invoices", "fraudscore"):
        waiting[service].append(change)
    deliver()


# %% tags=["talk:webhook-disadvantages"]
web["fraudscore"] = lab.web_service("fraudscore", noted_by("fraudscore"))
waiting["fraudscore"] = []
world.forget()
orders({"partner": "Dan", "city": "Bonn"})
heard(), fingerprint(orders) == of_three

# %% [markdown]
# It works. And the hash is another one: Orders had to be changed, tested and deployed, because some *other* service is new.
# The same will happen when one is given up. Look at what Orders has become on the way:
#
# | Orders has | because |
# |---|---|
# | a list of all receivers | somebody must know whom to tell |
# | a queue for each receiver | one may be down while the others are not |
# | rounds of retries, with a time-out | nobody knows when it comes back |
# | nothing, after a restart | the queues are in its memory |
#
# The last line would still have to be mended. A program that keeps lists of receivers, and a safe queue for each, exists
# already. It is called a message broker.
#
# ## By events
#
# In RabbitMQ the publisher of an event names no queue. It sends to an *exchange*, with a *routing key*. A *binding* says
# which keys go from this exchange into that queue, and the broker puts a copy into each queue that is bound. Our exchange is
# called `events` and is of the type *topic*. Topics can do more than compare keys, which is lab 23. *Durable* means that a
# thing survives a restart of the broker. With `confirm_delivery` this notebook's channel (its conversation with the broker)
# waits for the broker's answer to each publish, so that what you count is there.

# %%
ch = lab.connect(heartbeat=0).channel()
ch.confirm_delivery()
ch.exchange_declare("events", "topic", durable=True)
ch.is_open

# %% [markdown]
# An event says what has happened, in the past tense, and is addressed to nobody. `message` is the function of lab 21. Its
# type, `partner.address_changed`, is also the key under which we publish it:

# %% tags=["talk:event-messages"]
def tell(ch, kind, data):
    properties, body = message(kind, data)
    ch.basic_publish("events", kind, body, properties)
    return properties.type, body.decode()


tell(ch, "partner.address_changed", {"partner": "Ada", "city": "Oslo"})

# %% [markdown]
# That one went nowhere: no queue is bound yet, and the broker has thrown it away. It has even confirmed it: the broker has
# dealt with it, by putting it into no queue. Now two queues, each bound for this key,
# and a second event. A *passive* declaration declares nothing; it tells how many messages wait.

# %% tags=["talk:topic-with-queues", "system:rabbitmq"]
def ready(queue):
    return ch.queue_declare(queue, passive=True).method.message_count


for queue in ("contracts", "invoices"):
    ch.queue_declare(queue, durable=True)
    ch.queue_bind(queue, "events", "partner.address_changed")
tell(ch, "partner.address_changed", {"partner": "Bob", "city": "Rome"})
ready("contracts"), ready("invoices")

# %% [markdown]
# One publish, two copies, and nobody is reading yet. A topic with a queue behind it for each who wants to hear: that is the
# whole pattern. What remains is to ask for it properly.
#
# RabbitMQ's own tutorial on publish/subscribe makes an *exclusive* queue, which belongs to one connection. It is good for
# a program that shows live what is going on. Here is the same with the names of our shop; each service calls it when it
# starts. `judge` runs it by the rules of the exercise below. It must fail, and `expect=` names the failure that it is there
# to show.

# %%
def as_in_the_tutorial(ch, service, *keys):
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, exclusive=True)
    for key in keys:
        ch.queue_bind(service, "events", key)


judge("22.1", as_in_the_tutorial, expect="lost")

# %% [markdown]
# With the connection goes the queue, with the queue its bindings, and what is published then is published to nobody. Read the
# verdict from the top: what was done, what is *lost*, and the property that must hold.
#
# ### Exercise 22.1: subscribe
#
# Write `subscribe(ch, service, *keys)`. A service calls it each time that it starts, and reads from its queue afterwards, on
# the same channel. It may be the first of all to start, so it declares the exchange `events` too, as Orders does: of type
# topic and durable. Declaring a second time what is there already changes nothing. The service's queue is called exactly as
# the service, and it is the only one that `subscribe` makes. It keeps what comes for as long as the service is away.
#
# Several copies of one service may run side by side, its *replicas*. All of them call `subscribe` alike, and read from the same
# queue. The next version of a service may call it with a key more. Keys that it no longer
# wants are not your concern here: what is bound stays bound, at every moment.

# %% tags=["teaches"]
@exercise("22.1")
def subscribe(ch, service, *keys):
    """Make sure that the queue named `service` gets every event with one of these keys, from the exchange `events`.

    Each service gets each of its events once, in one queue of its own, whether it is running or away; replicas of one
    service share that queue. Called at every start, by every replica: what waits in the queue stays there.
    """
    ### BEGIN SOLUTION
    ch.exchange_declare("events", "topic", durable=True)
    ch.queue_declare(service, durable=True)
    for key in keys:
        ch.queue_bind(service, "events", key)
    ### END SOLUTION


# %%
subscribe = check("22.1")

# %% [markdown]
# Stuck? `hint("22.1")`, `hint("22.1", 2)`, `reveal("22.1")`; all three are in `workbook`. The lab goes on either way.
#
# ## Services that know only messages
#
# Now the services, as programs that run for ever. `listen` is the part that they share: the broker calls `on_event` for each
# message of the queue, and the message is acknowledged when the service has done its work. Only then does the broker
# forget it.

# %%
def listen(ch, queue, handle):
    def on_event(ch, method, properties, body):
        handle(json.loads(body))
        ch.basic_ack(method.delivery_tag)

    ch.basic_consume(queue, on_event)
    ch.start_consuming()


# %% [markdown]
# The two services themselves: connect, say what you want to hear, listen. Neither of them knows the other, or Orders.

# %%
def contracts(parameters):
    ch = pika.BlockingConnection(parameters).channel()
    subscribe(ch, "contracts", "partner.address_changed")
    listen(ch, "contracts", noted_by("contracts"))


# %%
def invoices(parameters):
    ch = pika.BlockingConnection(parameters).channel()
    subscribe(ch, "invoices", "partner.address_changed")
    listen(ch, "invoices", noted_by("invoices"))


# %% [markdown]
# Three helpers for this notebook. `begin` starts an experiment: no service runs, no queue is there, no mail was sent. `start`
# starts a program as a process of its own, and returns as soon as it listens (`hold` is only the signal for that). `moves`
# publishes some changes of address.

# %%
def begin():
    lab.again()
    for service in ("partners", "contracts", "invoices", "fraudscore", "support"):
        ch.queue_delete(service)


# %%
def moves(count):
    for n in range(1, count + 1):
        tell(ch, "partner.address_changed", {"partner": f"partner {n}", "city": "Oslo"})


def start(program, name=None):
    worker = lab.worker(program, lab.amqp(), name=name or program.__name__, fault="hold after basic.consume")
    worker.wait_held()
    worker.release()
    return worker


# %% [markdown]
# ## Two services on one queue
#
# The team of Contracts has an idea. The events are in a queue already, `invoices`. Why a second one? They read from there:

# %%
def contracts_at_the_wrong_queue(parameters):
    ch = pika.BlockingConnection(parameters).channel()
    listen(ch, "invoices", noted_by("contracts"))


# %% [markdown]
# **Predict first.** Both services run, and six partners move. Of how many does Contracts hear, and of how many Invoices? Two
# numbers, in this order.

# %%
predict(
    "22.p2",
    ### BEGIN SOLUTION
    3, 3,
    ### END SOLUTION
)

# %%
begin()
start(invoices), start(contracts_at_the_wrong_queue)
moves(6)
halves = heard(6)
happened("22.p2", halves["contracts"], halves["invoices"])

# %% [markdown]
# Each has half of the addresses, and no error is written anywhere. A message in a queue goes to *one* consumer. The broker
# deals them out in turn, because it takes two consumers of one queue for two hands of the same service. Now each service
# with a queue of its own, and Contracts, which has much to do, with two replicas. The lab's *history* notes which process
# did what:

# %% tags=["talk:abstracts-pub-sub", "talk:fits-distributed"]
begin()
start(contracts, "contracts, replica 1"), start(contracts, "contracts, replica 2"), start(invoices)
moves(6)
of_all = heard(12)
who = [step["who"] for step in lab.history.records() if step["what"] == "mail" and step["phase"] == "start"]
of_all, dict(sorted(Counter(who).items()))

# %% tags=["figure"]
shares = figures.bars(
    {"one for both": halves, "one for each": of_all},
    title="Six changes: from one queue each service hears of half of them",
    unit="changes heard of",
    x="queues",
)
print(shares.table())
shares

# %% [markdown]
# The same rule, once a bug and once what you want. So there are two rules, and they are all of publish/subscribe:
# **between services, each gets every event: a queue for each service. Within a service, each event goes to one replica: they
# share that queue.** Orders knows nothing of either. That three processes worked, and which, is decided by who connects;
# they could as well be on three machines.
#
# ## The same changes again, and two more
#
# A service that is new, and later one that is down. And two that the webhooks were spared: a service is given up, and the
# producer itself is exchanged. First the cast. Business Partners is back, and Orders is a program of its own now. It waits for
# the broker's answer before it ends; lab 24 is about what that answer is worth.

# %%
def partners(parameters):
    ch = pika.BlockingConnection(parameters).channel()
    subscribe(ch, "partners", "partner.address_changed")
    listen(ch, "partners", noted_by("partners"))


# %%
def orders(parameters, partner, city):
    ch = pika.BlockingConnection(parameters).channel()
    ch.confirm_delivery()
    ch.exchange_declare("events", "topic", durable=True)
    tell(ch, "partner.address_changed", {"partner": partner, "city": city})


# %% [markdown]
# Nobody who receives is named in what publishes. Look for the services' names in all of its source:

# %% tags=["talk:anonymity"]
source = inspect.getsource(orders) + inspect.getsource(tell) + inspect.getsource(message)
[name for name in ("partners", "contracts", "invoices", "fraudscore", "support") if name in source]

# %% [markdown]
# None. All three services start. The hashes of the sources, that of Orders among them, and the processes are noted. Ada
# moves again:

# %%
begin()
cast = (orders, contracts, invoices, listen, tell)
before = fingerprint(*cast)
running = {program.__name__: start(program) for program in (partners, contracts, invoices)}
lab.run(orders, lab.amqp(), "Ada", "Oslo")
heard(3)

# %% [markdown]
# **FraudScore appears.** Its team writes a program and starts it. Nothing else is done. Bob moves, and the hashes are
# compared, as they were with the webhooks:

# %%
def fraudscore(parameters):
    ch = pika.BlockingConnection(parameters).channel()
    subscribe(ch, "fraudscore", "partner.address_changed")
    listen(ch, "fraudscore", noted_by("fraudscore"))


world.forget()
running["fraudscore"] = start(fraudscore)
lab.run(orders, lab.amqp(), "Bob", "Rome")
heard(4), fingerprint(*cast) == before

# %% [markdown]
# **Business Partners vanishes.** Its process is ended for good, and whoever gives up a service also deletes its queue, which
# would grow for ever otherwise (lab 26). Cleo moves:

# %%
world.forget()
running["partners"].kill()
ch.queue_delete("partners")
lab.run(orders, lab.amqp(), "Cleo", "Lima")
heard(3)

# %% [markdown]
# **The producer is exchanged.** Orders no longer takes addresses. Partners change them themselves in the new Portal, another
# program of another team, which publishes the same event. It even says a little more. Dan moves:

# %%
def portal(parameters, form):
    ch = pika.BlockingConnection(parameters).channel()
    ch.confirm_delivery()
    ch.exchange_declare("events", "topic", durable=True)
    tell(ch, "partner.address_changed", {**form, "changed_by": "the partner"})


world.forget()
lab.run(portal, lab.amqp(), {"partner": "Dan", "city": "Bonn"})
heard(3)

# %% [markdown]
# And who else had to be changed, or even restarted? The hashes of the sources now and before, and the processes, which were
# started before FraudScore existed:

# %% tags=["talk:decoupling"]
after = fingerprint(*cast)
for name in after:
    print(f"{name:9} {before[name]} {after[name]} unchanged: {after[name] == before[name]}")
print("still the first process:", [name for name in ("contracts", "invoices") if running[name].alive])

# %% [markdown]
# Nobody, byte for byte. A new receiver is a new queue and a new binding, and it is the receiver who makes them. What
# everybody does depend on is the event: its type, and the fields in it. That is the contract now, and lab 28 is about how to
# change it.
#
# ## A service that was away
#
# Once more from the beginning. Contracts runs. Invoices is started and soon killed, and three partners move. Then two
# services are started: Support, for the first time ever, and Invoices again. Support wants to hear of addresses too:

# %%
def support(parameters):
    ch = pika.BlockingConnection(parameters).channel()
    subscribe(ch, "support", "partner.address_changed")
    listen(ch, "support", noted_by("support"))


# %% [markdown]
# **Predict first.** Of the three changes, how many does Invoices hear of in the end, and how many Support? Two numbers, in
# this order.

# %%
predict(
    "22.p3",
    ### BEGIN SOLUTION
    3, 0,
    ### END SOLUTION
)

# %% tags=["talk:resiliency"]
begin()
start(contracts), start(invoices).kill()
moves(3)
start(support), start(invoices)
print(heard(6))
happened("22.p3", heard()["invoices"], heard().get("support", 0))

# %% [markdown]
# Invoices hears of everything that it has missed. Its queue was there all the time, and nobody had to retry, or even to
# notice. Support hears of nothing: events are copied into the queues that are bound at that moment, and a queue that comes
# later begins empty. A new service that needs what is past must get it from elsewhere; the event logs of part 3 can give it.
#
# So a publisher need not care *when* its event is worked off, nor by *how many at once*. Watch one event. Contracts and
# Invoices are both slow today: they are held in the middle of their work, at the same time. Business Partners will not run
# before tonight. Nobody waits for any of them:

# %% tags=["talk:mom-abstracts-future-and-parallel"]
begin()
for service in ("partners", "contracts", "invoices"):
    subscribe(ch, service, "partner.address_changed")
at_work = [lab.worker(program, lab.amqp(), name=program.__name__, fault="hold before mail") for program in (contracts, invoices)]
moves(1)
print("in parallel:", [worker.wait_held() for worker in at_work])
print("in the future:", ready("partners"), "event waits for Business Partners")

# %% [markdown]
# ### Exercise 22.2: catch_up
#
# Some services need not run all day. Business Partners shall be started once a night, work off what has come since, and go
# home. It asks the broker for one message after another. `ch.basic_get(queue)` gives three things, delivery, properties and
# body, or three times `None` when nothing waits. Here is a first version:

# %%
def first_catch_up(ch, service, handle):
    count = 0
    while (got := ch.basic_get(service, auto_ack=True))[0]:
        handle(got[1].type, json.loads(got[2]))
        count += 1
    return count


judge("22.2", first_catch_up, expect="lost")

# %% [markdown]
# `auto_ack=True` means that the broker forgets a message as soon as it has sent it. Without it the broker waits for
# `ch.basic_ack(delivery.delivery_tag)`. If the connection ends before that, the message goes back into the queue, to its old
# place where possible.
#
# Write `catch_up(ch, service, handle)`. It calls `handle(kind, data)` with each event that waits in the queue named `service`,
# the oldest first, and returns how many it has handled: 0 when nothing waits. `kind` is the type in the event's properties,
# `data` what its JSON says. An event is acknowledged when `handle` has returned, and before the next one is handled.
#
# The queue does not stand still meanwhile. Events that come while it works are worked off too, and a replica may take some of
# them. The service can be killed at every moment; the next night does what is left. Whatever comes when `catch_up` has
# returned is left to others, or to a further call on the same channel.
#
# When `handle` raises, that exception comes out of `catch_up`, and that event and all after it are in the queue again, for
# whoever calls next, also on the same channel. An open channel keeps what it has got and not acknowledged;
# `ch.basic_nack(delivery.delivery_tag)` gives it back at once.

# %% tags=["teaches"]
@exercise("22.2")
def catch_up(ch, service, handle):
    """Call `handle(kind, data)` with each event in the queue `service`; return the number handled, as soon as nothing waits.

    kind: the event's type. data: its body, read as JSON. The broker may forget an event when its handle has returned, and
    not before. What handle raises comes out; then that event and all after it are in the queue again.
    """
    ### BEGIN SOLUTION
    count = 0
    while True:
        delivery, properties, body = ch.basic_get(service)
        if delivery is None:
            return count
        try:
            handle(properties.type, json.loads(body))
        except Exception:
            ch.basic_nack(delivery.delivery_tag)
            raise
        ch.basic_ack(delivery.delivery_tag)
        count += 1
    ### END SOLUTION


# %%
catch_up = check("22.2")

# %% [markdown]
# Tonight one event waits for Business Partners, the one of above. Its program has the same first two lines as the others:

# %%
def partners_by_night(parameters):
    ch = pika.BlockingConnection(parameters).channel()
    subscribe(ch, "partners", "partner.address_changed")
    note = noted_by("partners")
    return catch_up(ch, "partners", lambda kind, change: note(change))


lab.run(partners_by_night, lab.amqp()).value, ready("partners"), heard()

# %% [markdown]
# Contracts and Invoices are still held; the one mail is that of Business Partners. A crash between `handle` and the
# acknowledgement brings an event twice. That is *at least once* again, as in lab 15, and lab 24 looks at it from both ends.
#
# ## What the real ones do
#
# | system | a queue for each service | replicas share | a subscriber without a name |
# |---|---|---|---|
# | RabbitMQ | you declare and bind it, as in 22.1 | consumers of one queue | an exclusive queue, gone with its connection |
# | Spring Cloud Stream on RabbitMQ | a durable queue for each consumer *group*, bound to a topic exchange | members of one group | an auto-delete queue with a random name |
# | ActiveMQ (lab 29) | `Consumer.A.VirtualTopic.X` for service A and topic X | consumers of that queue | a subscription to a plain topic |
# | Kafka (lab 32) | no queue: a position in the log for each consumer group | partitions are divided among the group | a consumer without a group |
#
# The two rules are everywhere; *group* is the most frequent word for what we call a service. When you meet a library at work, ask what
# it does for a subscriber *without* a name: usually the events of its absence are lost.
#
# Webhooks are right where the receiver is not yours: other companies will not connect to your broker. Those who offer them
# have built what Orders had to build above, or they leave it to you. Stripe resends an undelivered event for up to three
# days. GitHub takes ten seconds without an answer for a failure, and does not send again by itself.
#
# ## When to choose this
#
# Choose events where something *has happened* and it is nobody's business at the source who cares: addresses, orders,
# payments, each with several services behind it that come and go. Choose a command (lab 21) where exactly one must do it, and
# a plain call where you need the answer to go on. The price of anonymity is that no publisher notices a missing
# subscriber, that everything arrives a little later, and that what is going on can no longer be read in one place.

# %%
score()

# %% [markdown]
# ## Recall
#
# 1. Orders told three services by webhooks. Name three things that it came to contain, none of them about orders.
# 2. No answer came in two seconds. What does the sender know, and what does its retry do to the receiver?
# 3. How many queues do four services need, two of which run with three replicas each?
# 4. Two services read from one queue. What does each of them get, and which error tells you?
# 5. What must a queue not be, so that its service may be away for a weekend?
# 6. A service was away, another one is new. What do they hear of what was published before they started?
# 7. Who had to change something when FraudScore came, and who when Orders was replaced?
# 8. On what do producer and consumers of an event still depend, all of them?
# 9. When may the broker forget an event, and what can happen twice then?
