# %% [markdown]
# # 21 · Messages, not objects
#
# **You build** a message that says what it is, and a reader that bears what other teams will send it.
#
# **Time** 45 minutes. **You need** Redis and RabbitMQ (running), and what a background job is (lab 11). If you come here
# first, the recap is enough.
#
# **From the talk** *jobs are objects*, *the broker's client is in both processes*, so a job queue *fits a monolith*; then
# messaging with its *data-based interface*, *interoperability* and *command messages*.
#
# <!-- budget: cells 70, because objects and messages are each shown with two deployments, and a program in another language -->
# <!-- budget: median 6, because nearly every demonstration needs two processes or two versions, and a look at what arrived -->

# %% [markdown]
# ## Recap
#
# 1. A *job* is work that a web process puts into a queue and a *worker*, another process, does later (lab 11).
# 2. Until now both processes came from one program: the monolith. Whatever one could write the other could read.
# 3. Now the shop splits into *services* with teams, deployments and languages of their own.
# 4. RabbitMQ is a *broker*: programs publish messages to *exchanges*, which put copies into *queues*; programs read from queues.
# 5. A message has a *body* (bytes) and *properties* (what it is, who caused it). A reader *acknowledges* it: then it is gone.

# %%
import json
import pickle
import shutil
import subprocess
import sys
import uuid

import pika

from workbook import check, exercise, happened, hint, judge, open_lab, predict, reveal, score

# %% [markdown]
# `lab.redis` is a Redis client, `lab.connect()` an ordinary pika connection, both into a corner of the broker that is yours
# alone. `lab.world` is what lies outside of the shop: the mails that were sent, the cards that were charged.
#
# The connection has no *heartbeat* (a sign of life, which a notebook that waits for its reader cannot give), and the
# channel waits for the broker's answer to each publish (`confirm_delivery`). Lab 24 is about both.

# %%
lab = open_lab("21")
r, world = lab.redis, lab.world
connection = lab.connect(heartbeat=0)
ch = connection.channel()
ch.confirm_delivery()
r.ping(), ch.is_open

# %% [markdown]
# ## A job is an object
#
# In lab 11 a job was data, a name and some ids, and you are about to see why. The shorter way, and what many libraries do, is to
# queue an object. The monolith thanks its customers for their orders. The job is an object of the class `Confirmation`, whose
# method `perform` does the work. This is the file `shop.py` of the first *deployment*, the code that runs on a machine:

# %%
first = """
class Confirmation:
    def __init__(self, order):
        self.order = order
    def perform(self, world):
        world.mail("a customer", f"thank you for {self.order}")
confirm = Confirmation
"""

# %% [markdown]
# The web process makes the object and *pickles* it: pickle is Python's own way to turn an object into bytes, and what RQ
# does with a job's arguments unless told otherwise. The worker makes an object of the bytes and has it perform. Both import `shop`,
# each from its own deployment, a folder.

# %%
def web(r, deployment, order):
    sys.path.insert(0, deployment)
    import shop

    r.client_setname("web")
    r.lpush("jobs", pickle.dumps(shop.confirm(order)))


# %%
def worker(r, deployment, world):
    sys.path.insert(0, deployment)
    r.client_setname("worker")
    job = pickle.loads(r.lindex("jobs", -1))
    job.perform(world)
    r.rpop("jobs")


# %% [markdown]
# Deploying is writing the file. At work a deployment brings a new machine or a new container with the code in it; a folder
# is enough to have several versions of one program beside each other:

# %%
def deploy(name, code):
    folder = lab.folder / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shop.py").write_text(code)
    return str(folder)


deployments = {"first": deploy("first", first)}

# %% [markdown]
# Now look at who is connected to Redis while a job travels. Both processes are real, and are *held* at an exact point: the
# web process when it has queued the job, the worker when it has read it. Redis itself lists its clients.

# %% tags=["talk:broker-in-both-processes", "system:redis"]
r.delete("jobs")
world.forget()
sides = [lab.worker(web, r, deployments["first"], "order 1", name="web", fault="hold after LPUSH")]
print("the job is queued:", sides[0].wait_held())
sides.append(lab.worker(worker, r, deployments["first"], world, name="worker", fault="hold after LINDEX"))
print("the job is read:", sides[1].wait_held())
sorted(client["name"] for client in r.client_list() if client["db"] == str(lab.redis_at["db"]) and client["name"])

# %% [markdown]
# *The broker's client is in both processes*: the same library, with the same address, at the same queue. That is no
# accident. They are one program, started twice, and the job shows it: the bytes name a class, and not one line of
# what it does. Let both go on, and look at such bytes.

# %%
for side in sides:
    side.release()
    print(side.finish().kind, end=" ")
lab.run(web, r, deployments["first"], "order 2")
job, words = r.lindex("jobs", -1), (b"shop", b"Confirmation", b"order 2", b"thank you")
print(world.mails(), [word for word in words if word in job])

# %% [markdown]
# The words "thank you" are not in it: a pickled object is a name and some values. The name must mean something on the
# other side.
#
# ### Two deployments
#
# A colleague finds the name `Confirmation` too vague. Another one adds the customer's language; being careful, with a
# default value, so that nobody who makes such a job must change anything.

# %%
with_language = """
class Confirmation:
    def __init__(self, order, language="en"):
        self.order, self.language = order, language
    def perform(self, world):
        world.mail("a customer", f"[{self.language}] thank you for {self.order}")
confirm = Confirmation
"""

# %%
deployments["renamed"] = deploy("renamed", first.replace("Confirmation", "OrderConfirmation"))
deployments["with language"] = deploy("with language", with_language)


def meet(queued_by, read_by):
    """Queue a job with one deployment, read it with another: "sent", or the line on which the worker failed."""
    r.delete("jobs")
    lab.run(web, r, deployments[queued_by], "order 3")
    outcome = lab.run(worker, r, deployments[read_by], world)
    return outcome.error.line if outcome.error else "sent"


# %% [markdown]
# As long as the web process and the worker come from the same deployment, each of the three is fine:

# %% tags=["talk:fits-monolith"]
for name in deployments:
    print(f"{name:14} {meet(name, name)}")

# %% [markdown]
# A job queue *fits a monolith*: the class is the contract between the two sides, and they change together, in one
# commit. But a job waits. A deployment does not wait for the queue to be empty, and while it rolls out, old and new processes
# run side by side.
#
# **Predict first.** A job that the first deployment queued meets a worker of the renamed one; then a worker of the one with
# a language and its default. And the other way round: a job queued by the one with a language meets a worker of the first.
# For each: is the mail `"sent"`, or does the worker fail when `"loading"` the object, or when `"performing"`? Give three of these
# words, in this order: `predict("21.p1", "sent", "sent", "sent")` would be one answer.

# %%
predict(
    "21.p1",
    ### BEGIN SOLUTION
    "loading", "performing", "sent",
    ### END SOLUTION
)

# %% tags=["talk:jobs-are-objects"]
lines = {"sent": "sent", "job = pickle.loads(r.lindex(\"jobs\", -1))": "loading", "job.perform(world)": "performing"}
seen = []
for pair in (("first", "renamed"), ("first", "with language"), ("with language", "first")):
    seen.append(lines[meet(*pair)])
    print(f"queued by {pair[0]:14} read by {pair[1]:14} {seen[-1]}")
happened("21.p1", *seen)

# %% [markdown]
# The new name has no meaning for the old bytes, so loading fails. The default value helps nobody: pickle does not call
# `__init__`, it puts back the attributes that the object had, and the old one had no language. That job loads without a
# word and fails in the middle of its work. The third is luck: the attribute that came with it is simply never read.
#
# In Ruby a job of Resque or Sidekiq is a class name with arguments, in JSON. That is readable, and safer: to load a pickle
# means to do what it says, whoever wrote it.

# %%
pickle.loads(b"cbuiltins\nprint\n(Vwhoever can write into this queue runs code in your worker\ntR.")

# %% [markdown]
# But a class name is a class name: rename the class, and the queued jobs of Resque and Sidekiq meet a `NameError`. The
# interface between the two sides is their code. That is what has to go when the sides are to be two programs.
#
# ## A message is data
#
# What another program may know about a message stands in the message. The *body* is JSON, which every language reads. The
# *properties* say what it is, so that nobody has to guess from the body: its `type`, its own `message_id`, and two
# ids that tell its history. The `correlation_id` is the same in everything that one order sets in motion; `causation_id` is
# the message that made somebody send this one.

# %% tags=["teaches"]
def message(kind, data, cause=None, id=None):
    """A message that says what it is: (properties, body).

    kind: what it is about ("charge_card", "order.placed"). data: what becomes JSON. cause: the properties of the message
    that caused this one. id: its own id, a new one if none is given.
    """
    id = id or str(uuid.uuid4())
    correlation_id = (cause.correlation_id or cause.message_id) if cause else id
    headers = {"causation_id": cause.message_id} if cause else {}
    history = {"message_id": id, "correlation_id": correlation_id, "headers": headers}
    properties = pika.BasicProperties(type=kind, content_type="application/json", delivery_mode=2, **history)
    return properties, json.dumps(data).encode()


# %% [markdown]
# An order was placed, so a card is to be charged, so an invoice is to be written. (`delivery_mode=2` makes a message
# *persistent*: it survives a restart of the broker, as its queue does when that is *durable*.)

# %%
def ids(properties):
    return properties.message_id, properties.correlation_id, properties.headers.get("causation_id")


placed, _ = message("order.placed", {"order": "order 7"}, id="m-1")
charge, body = message("charge_card", {"order": "order 7", "cents": 4900}, cause=placed, id="m-2")
invoice, _ = message("write_invoice", {"order": "order 7"}, cause=charge, id="m-3")
[ids(properties) for properties in (placed, charge, invoice)]

# %% [markdown]
# Three messages, one correlation: whoever collects logs of all services finds the whole story of `m-1` by it. The
# causations make a tree of the story: `m-3` was sent because of `m-2`.
#
# The protocol between a program and RabbitMQ is *AMQP*, and the fields are AMQP's own: every client library in every
# language has them. Here is the command on its way. The exchange with the empty name, `""`, is the *default exchange*: it
# puts a message into the one queue that has the routing key as its name. (`auto_ack`: what is read is acknowledged at once.)

# %%
def fresh(queue):
    ch.queue_delete(queue)
    ch.queue_declare(queue, durable=True)


# %% tags=["system:amqp"]
fresh("payments")
ch.basic_publish("", "payments", body, charge)
_, properties, body = ch.basic_get("payments", auto_ack=True)
print(properties.type, properties.content_type, *ids(properties))
json.loads(body)

# %% [markdown]
# Nothing in it names a class, a module or a library. Now let the two sides drift apart, as before. The sender has two
# versions, without and with a language. The reader has two, and its function was renamed as well; it takes what it knows from the
# data, and has its own default for what is not there.

# %%
def confirm(data, world):
    world.mail("a customer", f"thank you for {data['order']}")


def confirm_order(data, world):
    world.mail("a customer", f"[{data.get('language', 'en')}] thank you for {data['order']}")


# %% tags=["talk:data-based-interface"]
fresh("mail")
world.forget()
for sent in ({"order": "order 8"}, {"order": "order 9", "language": "de"}):
    for reader in (confirm, confirm_order):
        properties, body = message("send_confirmation", sent)
        ch.basic_publish("", "mail", body, properties)
        reader(json.loads(ch.basic_get("mail", auto_ack=True)[2]), world)
[subject for _, subject in world.mails()]

# %% [markdown]
# Four meetings, four mails. The interface is the data now: a type, and the names of some fields. That can break too (take
# away a field, and see who needed it), but renaming your own code is your own business again.
#
# ## A reader that is not Python
#
# Payments is a service of another team, on a machine where nobody may install anything. What it has is `bash`, as nearly every
# Linux and every Mac has. RabbitMQ speaks a second protocol, *STOMP*, on a port of its own. A *frame* of it is text: a command,
# header lines, an empty line, a body, and a zero byte. `bash` can open a TCP connection as a file (`/dev/tcp/…`), so four
# tiny functions make a client. `"$got"` is the last frame that came.

# %%
stomp = r"""
exec 3<>/dev/tcp/$HOST/$PORT
send()   { printf "$@" >&3; }
await()  { IFS= read -r -d '' -t 10 got <&3 || exit 1; }
header() { sed -n "s/^$1://p" <<<"$got"; }
field()  { sed -n 's/.*"'$1'": *"\([^"]*\)".*/\1/p' <<<"$got"; }
send 'CONNECT\naccept-version:1.2\nhost:%s\nlogin:%s\npasscode:%s\n\n\0' "$VHOST" "$LOGIN" "$PASSCODE"; await
"""

# %% [markdown]
# The service itself subscribes to the queue `payments` and waits for one command. It says what it got, charges the card, tells
# whoever wants to know that the card was charged (`receipt` asks the broker for an answer), and acknowledges. Fields that
# it does not know do not bother it. An order number is all it looks for; real programs use a real JSON parser.
#
# Where a frame goes, or comes from, is its `destination`, and RabbitMQ says what that means: `/amq/queue/payments` is the queue
# with that name, `/exchange/events/card.charged` the exchange `events` with the key `card.charged`. What is a property in AMQP is
# a header line here; AMQP's `message_id` is called `amqp-message-id`. `client-individual` means that the service acknowledges each
# message by itself.

# %%
payments = r"""
send 'SUBSCRIBE\nid:1\ndestination:/amq/queue/payments\nack:client-individual\n\n\0'; await
tag=$(header ack) order=$(field order) story=$(header correlation-id) cause=$(header amqp-message-id)
echo "$(header type) $cause: charging the card for $order"
send 'SEND\ndestination:/exchange/events/card.charged\ntype:card.charged\ncontent-type:application/json\npersistent:true\n'
send 'receipt:sent\namqp-message-id:%s\ncorrelation-id:%s\ncausation_id:%s\n\n' "$cause-done" "$story" "$cause"
send '{"order": "%s"}\0' "$order"; await; send 'ACK\nid:%s\n\n\0DISCONNECT\nreceipt:bye\n\n\0' "$tag"; await
"""

# %%
def run_bash(program):
    bash, at = shutil.which("bash"), lab.address("rabbitmq")
    if not bash or "stomp_port" not in at:
        return "this needs bash, and a RabbitMQ whose STOMP port is known: read on without it"
    where = {"HOST": at["host"], "PORT": str(at["stomp_port"]), "VHOST": lab.vhost}
    who = {"LOGIN": at["user"], "PASSCODE": at["password"]}
    done = subprocess.run([bash, "-c", program], env=where | who, capture_output=True, text=True, timeout=20)
    return done.stdout.strip() or "bash got no message (no connection, or an empty queue): read on without it"


# %% [markdown]
# Orders sends the command from Python, over AMQP. It has a field more than the service knows, `gift`. The service gets it over
# STOMP, and runs once. `events` is an exchange of the kind *topic*, for which lab 22 is the place; here it puts a copy of
# `card.charged` into the queue `support`. (A *virtual host*, `VHOST` above, is a corner of RabbitMQ: yours.)

# %% tags=["talk:interoperability", "system:stomp"]
fresh("payments")
fresh("support")
ch.exchange_declare("events", "topic", durable=True)
ch.queue_bind("support", "events", "card.charged")
charge, body = message("charge_card", {"order": "order 7", "cents": 4900, "gift": True}, cause=placed, id="m-2")
ch.basic_publish("", "payments", body, charge)
print(run_bash(stomp + payments))

# %%
_, charged, body = ch.basic_get("support", auto_ack=True)
if charged:
    print(charged.type, json.loads(body), *ids(charged))
print("left in payments:", ch.queue_declare("payments", passive=True).method.message_count)

# %% [markdown]
# (To declare with `passive=True` is only to ask: nothing is made, and the answer says how many messages wait.)
#
# A class of the monolith could not have gone there. The two programs have neither a language nor a library nor even a
# protocol in common, only the data; the ids went through all of it, and the broker translated the rest. That is
# *interoperability*. Each side still needs some client of the broker; the two need not share one any more, nor a program.
#
# ## One command, one handler
#
# `charge_card` is a *command message*: somebody wants something done. Its name is an imperative. `order.placed` and
# `card.charged` are *event messages*: something has happened, whoever cares may know. The difference is in how many may
# act on it. An event has as many readers as there are; a command has one.
#
# Payments is rewritten, and for some days the old and the new service run side by side. Each has a queue of its own. First
# the command goes, like an event, to the topic exchange `events`, to which both queues are bound. Then it goes to one queue,
# through the default exchange, and both programs read from that.

# %%
def pay(parameters, queue, world):
    ch = pika.BlockingConnection(parameters).channel()
    while (got := ch.basic_get(queue))[0]:
        world.charge(json.loads(got[2])["order"], 4900)
        ch.basic_ack(got[0].delivery_tag)


# %%
def charges(exchange, key, old_reads, new_reads):
    world.forget()
    for n in range(1, 4):
        properties, body = message("charge_card", {"order": f"order {n}", "cents": 4900})
        ch.basic_publish(exchange, key, body, properties)
    for queue in (old_reads, new_reads):
        lab.run(pay, lab.amqp(), queue, world)
    return len(world.charges())


# %% [markdown]
# **Predict first.** Three orders are to be charged. How many charges are there in the end, the first way and the second? Give two
# numbers.

# %%
predict(
    "21.p2",
    ### BEGIN SOLUTION
    6, 3,
    ### END SOLUTION
)

# %% tags=["talk:command-messages", "system:rabbitmq"]
for queue in ("payments", "payments_new"):
    fresh(queue)
    ch.queue_bind(queue, "events", "charge_card")
by_topic = charges("events", "charge_card", "payments", "payments_new")
by_queue = charges("", "payments", "payments", "payments")
print("published to a topic:", by_topic, "- sent to one queue:", by_queue)
happened("21.p2", by_topic, by_queue)

# %% [markdown]
# Each customer was charged twice, and nobody has made a mistake that one team could have seen: each service did its
# command once. A topic asks "who wants a copy?", and with commands the answer must be one. So a command goes to the one queue of
# the one service that does it. Several processes may read from that queue; each message goes to one of them.
#
# ## A reader that bears what comes
#
# Data is freer than a class, and nobody checks it for you. Three things will happen to a service that runs for a year. A
# sender adds a field. A sender sends a type that this version does not know yet. A sender is broken, and sends what is not
# JSON or lacks a field. Here is the obvious reader. `handlers` is a table: for each type a function, and the names of the fields
# that it needs, as in `{"charge_card": (charge, ["order", "cents"])}`. (By its `delivery_tag` a channel knows which message is
# acknowledged.)

# %%
def receive_strictly(ch, queue, handlers):
    while (got := ch.basic_get(queue))[0]:
        function, needs = handlers[got[1].type]
        function(json.loads(got[2]))
        ch.basic_ack(got[0].delivery_tag)


judge("21.1", receive_strictly, expect="YOUR CODE RAISED")

# %% [markdown]
# (`judge` runs a function by the rules of the exercise below, and `expect` names the failure that it is there to show.)
# One message that it does not know, and it is dead. What a reader was handed and has not acknowledged goes back to its queue
# when its connection ends. So, started again, it meets the same message again, and the good ones behind it wait for ever. The
# easy way out is worse: catch everything, write a line into the log, and go on.

# %%
def receive_and_forget(ch, queue, handlers):
    while (got := ch.basic_get(queue))[0]:
        try:
            handlers[got[1].type][0](json.loads(got[2]))
        except Exception:
            pass  # it is in the log
        ch.basic_ack(got[0].delivery_tag)


judge("21.1", receive_and_forget, expect="lost")

# %% [markdown]
# Somebody has sent that message, was told that the broker has it, and will wait for a refund. What cannot be handled now
# is *parked*: put aside, whole, with the reason, in a queue that a human looks at. After the next deployment it can go back.
# A queue that is declared again with the same arguments stays as it is.

# %% tags=["teaches"]
def park(ch, properties, body, reason):
    """Put a message into the queue `parked`, as it came, with the reason in the header `reason`."""
    properties.headers = {**(properties.headers or {}), "reason": reason}
    ch.queue_declare("parked", durable=True)
    ch.basic_publish("", "parked", body, properties)


# %%
fresh("parked")
park(ch, *message("refund_card", {"order": "order 10"}, cause=charge, id="m-4"), "unknown type refund_card")
_, properties, body = ch.basic_get("parked", auto_ack=True)
print(properties.type, *ids(properties), body.decode(), "·", properties.headers["reason"])

# %% [markdown]
# And a helper that reads a body, and says `None` where it is no JSON *object* (in Python: a dict). JSON can also be a list, a
# number or `null`, none of which has fields. And what is nested too deeply stops Python's JSON reader with a `RecursionError`.

# %% tags=["teaches"]
def read(body):
    """The data of a message, a dict; None when its body is no JSON object that Python can read."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


# %%
[read(body) for body in (b'{"order": "order 11"}', b'{"order": ', b"M\xfcller", b'["order"]', b"[" * 100_000)]

# %% [markdown]
# ### Exercise 21.1: receive
#
# Write `receive`, a *tolerant reader*. `handlers` is the table from above. It takes what waits in `queue`, message by message,
# until nothing does; what arrives meanwhile it may take or leave.
#
# - A message whose type is in `handlers`, with a JSON object as its body and all the needed fields in it, is *handled*: the
#   function is called with its data, all of it, whatever it returns. A field is there whatever its value: `0`, `""` and `null`
#   are values. Fields that nobody needs are no reason for anything.
# - Every other message is *parked*: in the durable queue `parked`, which may not exist yet, with body and properties as they
#   came and a header `reason`. The reason names the type that nobody knows, or the field that is missing (of two faults, either).
#   Only the property `type` says what a message is.
# - What a function raises comes out of `receive`, itself and no other exception, and its message is not acknowledged: it was in
#   order, so it goes back to its queue when the channel ends, or at once if you give it back. `receive` may be called again on
#   the same channel.
#
# It returns how many messages were handled; the parked ones are not counted. When it has returned or raised, nothing of it reads
# from the queue any more. The check also kills your reader, at each of its steps, and calls it again: nothing may be lost then,
# nor land in a wrong place; twice in the right one is no harm. One call has four seconds. `ch` waits for the broker's answer to
# each publish. Of the helpers use what you like. (With `consume`, a *prefetch* of 1, `ch.basic_qos(prefetch_count=1)`, lets the
# broker hand over one message at a time.)

# %% tags=["teaches"]
@exercise("21.1")
def receive(ch, queue, handlers):
    """Handle or park each message that waits in `queue`, and return how many were handled.

    handlers: type -> (function(data), the names of the fields that it needs).
    What a function raises comes out, and its message is not acknowledged.
    """
    ### BEGIN SOLUTION
    handled = 0
    while (got := ch.basic_get(queue))[0]:
        method, properties, body = got
        data, (function, needs) = read(body), handlers.get(properties.type, (None, ()))
        if function is None:
            park(ch, properties, body, f"unknown type {properties.type}")
        elif data is None:
            park(ch, properties, body, "the body is no JSON object")
        elif missing := [field for field in needs if field not in data]:
            park(ch, properties, body, f"missing {', '.join(missing)}")
        else:
            function(data)
            handled += 1
        ch.basic_ack(method.delivery_tag)
    return handled
    ### END SOLUTION


# %%
receive = check("21.1")

# %% [markdown]
# Stuck? `hint("21.1")` to `hint("21.1", 3)` help, and `reveal("21.1")` prints one possible answer. The lab goes on either way.
#
# ### A deployment later
#
# The reader at work: three messages, of which this version of Payments knows one. The other two are refunds, which it has not
# heard of yet.

# %%
fresh("payments")
fresh("parked")
for n, kind in enumerate(("refund_card", "charge_card", "refund_card"), start=1):
    properties, body = message(kind, {"order": f"order {n}", "cents": 4900})
    ch.basic_publish("", "payments", body, properties)
world.forget()
knows = {"charge_card": (lambda data: world.charge(data["order"], data["cents"]), ["order", "cents"])}
print("handled:", receive(ch, "payments", knows), "- parked:", ch.queue_declare("parked", durable=True).method.message_count)

# %% [markdown]
# Then the next version is deployed, which knows refunds. The parked messages are whole, so the same function can read them, from
# the queue `parked` this time:

# %%
knows["refund_card"] = (lambda data: world.mail("a customer", f"refund for {data['order']}"), ["order"])
print("handled:", receive(ch, "parked", knows))
world.charges(), [subject for _, subject in world.mails()]

# %% [markdown]
# Nothing was lost, and nobody had to ask a sender to send it again. (Were one of them still unknown, `receive` would park it
# at the end of the queue that it reads, and never come to an end. How to go back from there properly is what lab 25 is about.)
#
# ## What the real ones do
#
# | system | what is in the queue | what the reader needs |
# |---|---|---|
# | RQ | a pickle, unless you choose another serializer | Python, and the function under its name |
# | Resque, Sidekiq | JSON: the name of a class, and arguments | Ruby, and the class under its name |
# | Celery | JSON by default: the name of a task, and arguments | the task under its name |
# | RabbitMQ, ActiveMQ | bytes, with properties or headers | a client for one of the broker's protocols |
#
# So what you meet at work is often in between. A name in JSON and plain arguments is a message as soon as both teams
# treat the name as a word of the interface, and not as the name of their class.
#
# ## When to choose this
#
# Where one program is deployed as one, and the queue is its own, jobs as objects (better: a class name and ids, lab 11) are
# less work, and every refactoring tool sees both ends. Where two programs meet, of two teams or two languages or only
# two deployment days, agree on data: a type, the fields it must have, the promise that more fields may come. Read
# tolerantly, park what you cannot read, and look into what is parked.

# %%
score()

# %% [markdown]
# ## Recall
#
# 1. What is in a pickled job, and what is not?
# 2. Why did a default value in `__init__` not help the job that was queued before?
# 3. What does a job queue demand of the two processes at its ends, and why is that no trouble in a monolith?
# 4. Why should nobody load a pickle from a queue that others can write to?
# 5. Three messages have the same `correlation_id`. What do their `causation_id`s add?
# 6. What did the program in bash have in common with the one in Python?
# 7. A command was published to a topic. What happens when a second service binds its queue?
# 8. Name the three reasons to park a message. Which needs no look at the body?
# 9. Why must a `KeyError` inside of a handler not be taken for a missing field?
# 10. Which comes first, parking or acknowledging, and what happens after a kill in between?
