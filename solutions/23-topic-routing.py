# %% [markdown]
# # 23 · Topic routing: who gets what
#
# **You build** the bindings of five services, each of which gets exactly what it needs; and a publisher whose messages
# are kept and can be found when no service wants them.
#
# **Time** 50 minutes. **You need** RabbitMQ (running), and what lab 22 is about: an *exchange*, and a *queue* for each
# service. If you come here first, the recap is enough.
#
# **From the talk** *advanced routing*: the broker decides by a pattern who gets a message.
#
# <!-- budget: cells 56, because patterns, bindings, keys and unroutable messages surprise one at a time, each in a cell of its own -->
# <!-- budget: median 5, because nearly every demonstration binds a queue, publishes, and looks who got it -->

# %% [markdown]
# ## Recap
#
# 1. A publisher sends a *message* with a *routing key* to an *exchange*. It knows no receiver.
# 2. Each service reads from a durable *queue* of its own; what waits there waits for this service alone.
# 3. A *binding* connects exchange and queue, for a key. Every queue with a binding for the key gets a copy of its own.
# 4. An event is named in the past tense, `order.placed`; its name is the routing key, and the property `type`.
# 5. `subscribe(ch, service, *keys)` declares the exchange `events`, the service's queue and its bindings (lab 22). A service
#    calls it at every start; called again, it changes nothing. `message(kind, data)` makes a message (lab 21).

# %%
from pika.exceptions import AMQPError, ChannelClosedByBroker, UnroutableError

from workbook import check, exercise, figures, happened, judge, open_lab, predict, score
from workbook.taught.lab21 import message
from workbook.taught.lab22 import subscribe

# %% [markdown]
# A channel in *confirm mode* waits, at each publish, until the broker has answered; so what was published is in its queues
# when the call returns, and can be counted. (Lab 24 is about that answer. With `heartbeat=0` the broker does not hang up while you
# read.)

# %%
lab = open_lab("23")
connection = lab.connect(heartbeat=0)
ch = connection.channel()
ch.confirm_delivery()
ch.exchange_declare("events", "topic", durable=True)
ch.is_open

# %% [markdown]
# Three helpers for this notebook: a service's queue, made and bound anew; a message with a key, as lab 21 has them; and how
# many messages have come to a queue, which is empty again afterwards (`queue_purge` tells what it has thrown away).

# %%
def fresh(queue, *patterns):
    ch.queue_delete(queue)
    subscribe(ch, queue, *patterns)


def send(key, exchange="events"):
    properties, body = message(".".join(key.split(".")[:2]), {"order": 7})
    ch.basic_publish(exchange, key, body, properties)


def arrived(queue):
    return ch.queue_purge(queue).method.message_count


# %% [markdown]
# ## Everything to everybody
#
# The shop has grown. A key has more words now: the thing, what happened to it, the country, and perhaps further words:
# `order.placed.nl`, `parcel.sent.de.nl` (from Germany to the Netherlands), `contract.signed.be.web.partner`. Always at
# least three words, and the third is the country. Five services, and what each of them needs:
#
# | service | needs, whatever the country and whatever further words, unless the row says otherwise | for example |
# |---|---|---|
# | `invoices` | all orders that were placed, and all orders that were cancelled | `order.placed.de` |
# | `contracts` | everything about contracts | `contract.signed.be.web` |
# | `fraudscore` | everything whose country, the third word, is `nl`; and all payments that failed, wherever | `payment.failed.pt` |
# | `support` | whatever was cancelled: an order, a contract, a thing of next year | `voucher.cancelled.be` |
# | `partners` | everything about partners, and everything whose last word is `partner` | `partner.joined.de` |
#
# The quickest way is to give everything to everybody. In a binding for the exchange `events` the sign `#` stands for any
# key at all; each service then looks at what it gets, and throws away what it does not need. `judge` runs it by the rules
# of exercise 23.1, and `expect=` names the failure that it is there to show.

# %%
def bind_everything(ch):
    for service in ("invoices", "contracts", "fraudscore", "support", "partners"):
        subscribe(ch, service, "#")


judge("23.1", bind_everything, expect="unwanted")

# %% [markdown]
# *Unwanted* does not sound grave: the service filters, and its result is right. See what it costs. Contracts is away for
# an hour, and a hundred events happen, four of them about contracts. Its queue is bound for everything; a second queue,
# `bound_contracts`, for the key of those four.

# %%
fresh("contracts", "#")
fresh("bound_contracts", "contract.signed.nl")
for n in range(100):
    send("order.placed.nl" if n % 25 else "contract.signed.nl")
{queue: arrived(queue) for queue in ("contracts", "bound_contracts")}

# %% [markdown]
# A filter in the consumer works only while the consumer works. Until then the queue grows with what nobody needs. And when
# Contracts comes back, a hundred messages travel, are looked at and are acknowledged, for the sake of four.
#
# There is a second cost, which no number shows: from now on every service reads every event. A field of `order.placed` that
# Contracts never needed can break Contracts.
#
# ## Patterns
#
# A *topic* exchange takes a key as words between dots, and a binding as a pattern of words. Two words are signs:
#
# - `*` stands for exactly one word
# - `#` stands for any number of words, also for none
#
# Everything else stands for itself. `lands` asks the broker: it binds a queue, publishes, takes the binding away again, and
# looks whether something has come.

# %%
ch.queue_declare("trial", durable=True)


def lands(pattern, key):
    """Whether a message with this key gets into a queue that is bound with this pattern."""
    ch.queue_bind("trial", "events", pattern)
    send(key)
    ch.queue_unbind("trial", "events", pattern)
    return arrived("trial") == 1


# %% [markdown]
# **Predict first.** Twelve patterns and keys. Does the message land in the queue?
#
# | | pattern | key | | | pattern | key |
# |---|---|---|---|---|---|---|
# | 1 | `order.placed` | `order.placed` | | 7 | `*.placed.*` | `order.placed.nl` |
# | 2 | `order.*` | `order.placed` | | 8 | `#.nl` | `nl` |
# | 3 | `order.*` | `order` | | 9 | `#.nl` | `parcel.sent.nl.express` |
# | 4 | `order.*` | `order.placed.nl` | | 10 | `order.#` | `orders.placed` |
# | 5 | `order.#` | `order` | | 11 | `order.p*` | `order.placed` |
# | 6 | `order.#` | `order.placed.nl.express` | | 12 | `order.placed` | `order.*` |
#
# Twelve words, `"yes"` or `"no"`, in the order of the numbers.

# %%
predict(
    "23.p1",
    ### BEGIN SOLUTION
    "yes", "yes", "no", "no", "yes", "yes",
    "yes", "yes", "no", "no", "no", "no",
    ### END SOLUTION
)

# %%
TWELVE = [
    ("order.placed", "order.placed"), ("order.*", "order.placed"), ("order.*", "order"), ("order.*", "order.placed.nl"),
    ("order.#", "order"), ("order.#", "order.placed.nl.express"), ("*.placed.*", "order.placed.nl"), ("#.nl", "nl"),
    ("#.nl", "parcel.sent.nl.express"), ("order.#", "orders.placed"), ("order.p*", "order.placed"), ("order.placed", "order.*"),
]

# %% tags=["talk:advanced-routing", "system:rabbitmq"]
landed = ["yes" if lands(pattern, key) else "no" for pattern, key in TWELVE]
for number, ((pattern, key), answer) in enumerate(zip(TWELVE, landed), 1):
    print(f"{number:2}  {pattern:13} {key:24} {answer}")
happened("23.p1", *landed)

# %% [markdown]
# Three and four: one word, not none and not two. Nine: after the last word of a pattern the key must be over. Eleven: a
# star inside a word is a letter like any other. Twelve: only a *binding* has signs; a key is data, and a star in it is a
# star.
#
# The rule is short enough to be written down. A program that knows it can tell which binding takes a key, without a broker:

# %% tags=["teaches"]
def matches(pattern, key):
    """Whether a binding with `pattern` takes a message with `key`, by the rule of topic exchanges."""

    def match(signs, words):
        if not signs:
            return not words
        if signs[0] == "#":
            return match(signs[1:], words) or bool(words) and match(signs, words[1:])
        return bool(words) and signs[0] in ("*", words[0]) and match(signs[1:], words[1:])

    return match(pattern.split("."), key.split(".") if key else [])


# %% [markdown]
# Is it the broker's rule? In how many of the twelve does it say something else?

# %%
sum(matches(*pair) != (answer == "yes") for pair, answer in zip(TWELVE, landed))

# %% [markdown]
# A rule that you have copied is a second opinion, and the broker's is the one that counts: use `matches` to explain, and the
# broker to test.
#
# Now all of an exchange's bindings at once. Three services that are not among the five, with these patterns:
#
# - Mail: `order.placed`, `order.cancelled`
# - Warehouse: `order.placed.*`, `#.nl`
# - Statistics: `#`
#
# **Predict first.** One message is published with the key `order.placed.nl`. How many copies of it are in the queues of Mail,
# Warehouse and Statistics? Three numbers.

# %%
predict(
    "23.p2",
    ### BEGIN SOLUTION
    0, 1, 1,
    ### END SOLUTION
)

# %%
shown = {"mail": ["order.placed", "order.cancelled"], "warehouse": ["order.placed.*", "#.nl"], "statistics": ["#"]}
for queue, patterns in shown.items():
    fresh(queue, *patterns)
send("order.placed.nl")
copies = {queue: arrived(queue) for queue in shown}
print(copies)
happened("23.p2", *copies.values())

# %% [markdown]
# The same, drawn: a solid line takes the message, a dashed one does not.

# %% tags=["figure"]
drawn = figures.bindings(shown, "order.placed.nl", matches, title="Two bindings of Warehouse take order.placed.nl: one copy")
print(drawn.table())
drawn

# %% [markdown]
# Two bindings of Warehouse take it, and there is one copy. The exchange asks, for each queue, whether *some* binding takes the
# message; so patterns may overlap, and you never have to make them exclude each other. And Mail starves, though nobody has
# touched it: its patterns were written when keys had two words. The section *What goes first in a key* is about that.
#
# ## Bindings add up
#
# Warehouse now wants parcels, and no orders any more. Its next version subscribes for `parcel.#`:

# %%
fresh("warehouse", *shown["warehouse"])
subscribe(ch, "warehouse", "parcel.#")
send("order.placed.nl")
bindings = lab.manage("GET", "queues/{vhost}/warehouse/bindings")
arrived("warehouse"), sorted(one["routing_key"] for one in bindings if one["source"] == "events")

# %% [markdown]
# The order still came. A binding is a fact on the broker, and not a line of the program that runs: declaring a new one
# removes none, and a deployment that takes a pattern out of the code changes nothing. Somebody has to say so:

# %%
for pattern in shown["warehouse"]:
    ch.queue_unbind("warehouse", "events", pattern)
send("order.placed.nl")
arrived("warehouse")

# %% [markdown]
# ## What goes first in a key
#
# Which words a key has, and in which order, is a decision that is hard to take back: every binding of every service is
# written against it. Before the shop went abroad, keys had two words, and three services had these bindings:
# `order.placed`, `order.*` and `order.#`.
#
# **Predict first.** The key `order.placed` gets one more word, the country. How many of the three still get the message
# when the country is added at the end (`order.placed.nl`)? How many when it comes first (`nl.order.placed`)? Two numbers.

# %%
predict(
    "23.p3",
    ### BEGIN SOLUTION
    1, 0,
    ### END SOLUTION
)

# %%
still = {
    key: [pattern for pattern in ("order.placed", "order.*", "order.#") if lands(pattern, key)]
    for key in ("order.placed.nl", "nl.order.placed")
}
print(still)
happened("23.p3", *map(len, still.values()))

# %% [markdown]
# No service was told, none has an error in its log, and two or three of them get nothing. So:
#
# - What every message has, and nearly every binding names, goes first; what is added later goes to the end.
# - A binding that is to live with that ends in `.#`, also where today no word follows.
# - Only words that somebody will select by belong into the key. The rest is in the message.
#
# And each word is *one* word. Here the partner's name is the fourth, and a service wants all partners of the Netherlands who
# were renamed, whatever their name. At the end, a key whose fourth word has 255 letters, which pika itself refuses to send:

# %%
for name in ("anna", "j.smith", "j_smith"):
    print(f"partner.renamed.nl.{name:8}", "lands" if lands("partner.renamed.nl.*", f"partner.renamed.nl.{name}") else "is gone")
try:
    send("partner.renamed.nl." + "x" * 255)
except AMQPError as error:
    print(type(error).__name__)

# %% [markdown]
# A dot in a value makes two words of it. Versions (`1.2`), host names, mail addresses all have dots: replace them before
# they become part of a key. And a key has room for 255 bytes.
#
# ### Exercise 23.1: bind_all
#
# Write `bind_all(ch)`. It gives each of the five services of the table above a durable queue, named as the service, which
# gets exactly what the service needs: one copy each, and nothing else. The queue stays when nobody reads it, for however
# long, and throws nothing away. `bind_all` makes no other queue. Every service calls it when it starts, also while messages
# wait and others publish: a second call changes nothing, also not for a moment, even if it breaks off in the middle. There are
# no old bindings to take away. The exchange `events` is there, and `subscribe` is yours to use, or pika's `queue_declare` and
# `queue_bind`.
#
# The check publishes some hundred keys, most of which are in no row of the table, with things, countries and further words
# that you have not seen, and as many further words as they like. The third word is always the country.

# %% tags=["teaches"]
@exercise("23.1")
def bind_all(ch):
    """Declare and bind the queues of the five services.

    invoices     orders placed, orders cancelled
    contracts    everything about contracts
    fraudscore   everything in nl (the third word); payments that failed, wherever
    support      whatever was cancelled (the second word)
    partners     everything about partners; everything whose last word is partner
    """
    ### BEGIN SOLUTION
    subscribe(ch, "invoices", "order.placed.#", "order.cancelled.#")
    subscribe(ch, "contracts", "contract.#")
    subscribe(ch, "fraudscore", "*.*.nl.#", "payment.failed.#")
    subscribe(ch, "support", "*.cancelled.#")
    subscribe(ch, "partners", "partner.#", "#.partner")
    ### END SOLUTION


# %%
bind_all = check("23.1")

# %% [markdown]
# Stuck? `hint("23.1")`, `hint("23.1", 2)`, `reveal("23.1")`; all three are in `workbook`. The lab goes on either way.
#
# ## Nobody wants it
#
# The other end of routing: a key for which no queue is bound. Somebody has mistyped one of these two.

# %%
fresh("invoices", "order.placed.#")
for queue in ("contracts", "statistics"):
    fresh(queue)  # bound for nothing now
send("order.placed.nl")
send("oder.placed.nl")
{queue: arrived(queue) for queue in ("invoices", "contracts", "statistics")}

# %% [markdown]
# Both calls returned, and the broker has even confirmed both: it has put each message into all queues that are bound for
# it, and for the second there were none. AMQP knows a flag for that. A *mandatory* message that goes to no queue is sent
# back to its publisher; in confirm mode, pika makes an exception of it, which has the message with it:

# %% tags=["system:amqp"]
try:
    ch.basic_publish("events", "oder.placed.nl", b"order 7", mandatory=True)
except UnroutableError as error:
    returned = error.messages[0]
    print(returned.method.reply_text, "-", returned.method.routing_key, returned.body)

# %% [markdown]
# What should the publisher do now? It cannot know whether that is an error. A key that nobody has bound may be a
# mistyped one; or a new event, for which its first service comes next week; or a service's binding is missing. Stopping
# the checkout for it would be wrong, and throwing it away too. So it is *kept*, in a queue that somebody looks at.
#
# The broker can do that by itself. An exchange may be declared with the argument `alternate-exchange`, the name of another
# exchange: whatever the first has no queue for is handed to that one, unchanged. What becomes of it there depends on the kind
# of that exchange, and on its bindings.
#
# ### Exercise 23.2: publisher
#
# Mandatory or alternate exchange: both can do it.
#
# Write `publisher(ch, exchange)`. It declares the topic exchange that is called `exchange` (it is not there before the first
# call) and whatever else is needed, and returns a function `publish(key, properties, body)` that publishes to it. Services
# bind their queues to the exchange later, and change that while your publisher runs. When `publish` has returned:
#
# - each queue that is bound for the key has the message, and `unrouted` has not
# - if there was none, the queue `unrouted` has it: once, with the key (the `routing_key` that `basic_get` gives), the
#   properties and the body that `publish` was given; only further headers may be added
#
# Publishers come and go: each calls `publisher` on a channel of its own, also while messages wait in `unrouted` and others
# publish, and may be killed as soon as `publish` has returned, or cut off at any moment. When the connection breaks before
# `publish` returns, pika's exception comes out of it. What you declare is durable and stays when nobody uses it, for however
# long, and what is in `unrouted` stays there. `ch` is in confirm mode.

# %% tags=["teaches"]
@exercise("23.2")
def publisher(ch, exchange):
    """A function publish(key, properties, body), for the topic exchange of this name, by which nothing is silently gone.

    What no queue is bound for is kept in the queue `unrouted`, as it was published, and nothing else is.
    """
    ### BEGIN SOLUTION
    ch.exchange_declare("unrouted", "fanout", durable=True)
    ch.queue_declare("unrouted", durable=True)
    ch.queue_bind("unrouted", "unrouted")
    ch.exchange_declare(exchange, "topic", durable=True, arguments={"alternate-exchange": "unrouted"})

    def publish(key, properties, body):
        ch.basic_publish(exchange, key, body, properties)

    return publish
    ### END SOLUTION


# %%
publisher = check("23.2")

# %% [markdown]
# Here it is at work, on an exchange `shop` to which Invoices is bound. One of three messages has a mistyped key; look into
# `unrouted` as somebody would on the next morning.

# %%
publish = publisher(ch, "shop")
ch.queue_purge("unrouted")
ch.queue_bind("invoices", "shop", "order.placed.#")
for key in ("order.placed.nl", "oder.placed.nl", "order.placed.de"):
    publish(key, *message("order.placed", {"order": 7}))
method, properties, body = ch.basic_get("unrouted", auto_ack=True)
print(method.routing_key, "-", properties.type, "-", arrived("unrouted"), "more")

# %% [markdown]
# Key and properties say what was meant, so the message can be sent again when the mistake is mended (lab 25 does such
# things without losing any on the way). A count of this queue above zero belongs on a dashboard.
#
# ## Three things to know about it
#
# *An exchange keeps its arguments.* Every service declares the exchange that it uses (`subscribe` does). `older` is there
# already, without an alternate. Who adds one is refused (406: what is there differs), and so would be who leaves out one that
# is there:

# %%
alternate = {"alternate-exchange": "nowhere"}
ch.exchange_declare("older", "topic", durable=True)
try:
    connection.channel().exchange_declare("older", "topic", durable=True, arguments=alternate)
except ChannelClosedByBroker as error:
    print(error.reply_code, error.reply_text.split(" - ")[0])

# %% [markdown]
# So all services would have to change at the same moment. On an exchange that runs, it is done from outside, by a *policy*:
# a rule by which the broker gives settings (its `definition`) to all exchanges whose name matches (here the pattern is a
# regular expression). `lab.manage` sends it to RabbitMQ's management API. No program is changed for it, and it is what
# RabbitMQ's own documentation recommends. `nowhere` is a *fanout* exchange: it ignores the key, and all of its queues get all.

# %%
fresh("kept")
ch.exchange_declare("nowhere", "fanout", durable=True)
ch.queue_bind("kept", "nowhere")
rule = {"pattern": "^older$", "apply-to": "exchanges", "definition": alternate}
lab.manage("PUT", "policies/{vhost}/keep-the-unrouted", rule)
ch.basic_publish("older", "oder.placed.nl", b"order 7", mandatory=True)
arrived("kept")

# %% [markdown]
# *The alternate counts.* That message was mandatory, and did not come back: it went to a queue, even if not to one that its
# publisher had in mind. With both, the publisher hears nothing.
#
# *One queue for everything hides it.* Statistics binds `#` on the same exchange, and the key is mistyped once more:

# %%
ch.queue_bind("statistics", "older", "#")
send("oder.placed.nl", "older")
ch.queue_unbind("statistics", "older", "#")
print("statistics", arrived("statistics"), "- kept", arrived("kept"))

# %% [markdown]
# It was routed: Statistics has it. Invoices has not, and nobody will look for it. *Unroutable* means that no queue at all
# wants a message, not that a certain one should have. With a `#` on the exchange, neither flag nor alternate will ever tell
# you anything. If Statistics is to see everything, bind it to an exchange before this one: an exchange can be bound to another
# exchange, as a queue can.
#
# ## What the real ones do
#
# | system | who selects | one word | the rest | nobody wants it |
# |---|---|---|---|---|
# | AMQP's topic exchange (RabbitMQ) | the broker, by the key | `*` | `#`, anywhere | thrown away, unless mandatory or alternate |
# | RabbitMQ's headers exchange | the broker, by headers, all or any of them equal | | | the same |
# | MQTT | the broker, by the topic, words between `/` | `+` | `#`, only at the end | thrown away |
# | ActiveMQ Classic | the broker, by the destination's name, words between dots | `*` | `>`, only at the end | on a topic: thrown away |
# | Kafka | the consumer, which reads whole partitions | | | kept in the log |
#
# RabbitMQ's MQTT makes the same exchange of it: `/` becomes `.`, and `+` becomes `*` (lab 29).
#
# ## When to choose this
#
# Let the broker select whenever a service needs a part that can be told by a few words; let the consumer filter only what
# no word says (an amount above 500). Where three or more kinds of words are needed in any combination, headers may
# be clearer than keys. Keep the unrouted from the first day: it is one exchange and one queue. And keep the list of who needs
# what outside of all services, with a test like 23.1's, because a starved service has nothing in its log.

# %%
score()

# %% [markdown]
# ## Recall
#
# 1. Which keys does `order.*` take, and which does `order.#` take beyond them?
# 2. A pattern ends in a word. Which keys does it not take, though they begin like it?
# 3. Two patterns of one queue match a key. How many copies are there, and why need you not mind?
# 4. What does a filter in the consumer cost while the consumer is away?
# 5. A deployment takes a pattern out of the code. What changes on the broker?
# 6. Where in a key does a new word go, and how must bindings look so that nobody starves?
# 7. What does a dot in a value do to a key?
# 8. A message came back as unroutable. Name three reasons, of which only one is a mistake of the publisher.
# 9. Why can an alternate exchange only be added by a policy once services declare the exchange?
# 10. Why is nothing unroutable on an exchange with a binding for `#`?
