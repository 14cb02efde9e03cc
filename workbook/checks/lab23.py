"""Lab 23: topic routing. How the answers to 23.1 and 23.2 are judged.

23.1 is judged by what lies in the five queues when some hundred keys were published, most of them in no row of the table:
each queue must have exactly what its service needs (`workbook.anomalies.find_misrouted`). What a service needs is said
here by `NEEDS`, in words of the key and not in patterns, so that no pattern is the right one. 23.2 is judged by the same
finder: every message is in the queue that is bound for it, and in `unrouted` when there is none at that moment.
"""

import random
import re
import urllib.error
import urllib.parse

import pika
from pika.exceptions import AMQPError

from workbook import anomalies
from workbook.anomalies import Anomaly, as_text
from workbook.checks.messages import channel, drain, look
from workbook.exercises import checks
from workbook.faults import around, given
from workbook.proxy import lost_reply
from workbook.verdicts import CannotTell, Wrong

BROKERS = ("rabbitmq",)


# What the checks share


def _waiting(ch):
    """Service -> how many messages wait for it; None where it has no queue."""
    seen = {service: look(ch, service) for service in NEEDS}
    return {service: one and one.ready for service, one in seen.items()}


def _peek(ch, name):
    """What is in a queue, (key, properties, body) of each, and stays there; nothing when there is no such queue."""
    found = []
    if look(ch, name) is not None:
        while (got := ch.basic_get(name))[0]:
            found.append((got[0].routing_key, got[1], got[2]))
        ch.basic_nack(multiple=True, requeue=True)
    return found


def _stays(trial, kind, name):
    """Why a queue or an exchange ("queues", "exchanges") will be gone one day, in words; None when it stays."""
    it = trial.manage("GET", f"{kind}/{{vhost}}/{urllib.parse.quote(name, safe='')}")
    if not it["durable"]:
        return "it is not durable: after a restart of the broker it is gone"
    if it["auto_delete"]:
        return "it deletes itself when the last one who used it has left"
    limits = {name.removeprefix("x-"): value for name, value in (it.get("arguments") or {}).items()}
    limits |= it.get("effective_policy_definition") or {}
    if "expires" in limits:
        return f"it deletes itself when nobody has used it for {limits['expires']} ms (expires)"
    if "message-ttl" in limits:
        return f"it throws away what has waited for {limits['message-ttl']} ms (message-ttl)"
    for name in ("max-length", "max-length-bytes"):
        # A full queue that refuses loses nothing: its publisher is told.
        if name in limits and not str(limits.get("overflow")).startswith("reject-publish"):
            return f"it throws away the oldest when it is full ({name} {limits[name]})"
    return None


def _cut_at_publish(n):
    """A proxy that cuts the connection at its n-th publish, on whatever channel, when the client has sent all of it."""
    return lost_reply("rabbitmq", n=n, cut="request")


def _cut_at_bind():
    """A proxy that cuts the connection at its first queue.bind, of which the broker learns nothing."""
    return lost_reply("rabbitmq", lose="bind", cut="request")


# 23.1


THINGS = ("order", "contract", "payment", "partner", "invoice", "parcel", "voucher")
HAPPENED = ("placed", "cancelled", "failed", "signed", "joined", "sent")
COUNTRIES = ("de", "nl", "be", "pt")
FURTHER = ((), ("express",), ("partner",), ("nl",), ("cancelled",), ("partner", "web"), ("web", "partner"), ("contract", "placed", "nl"))

NEEDS = {
    "invoices": lambda words: words[0] == "order" and words[1] in ("placed", "cancelled"),
    "contracts": lambda words: words[0] == "contract",
    "fraudscore": lambda words: words[2] == "nl" or words[:2] == ["payment", "failed"],
    "support": lambda words: words[1] == "cancelled",
    "partners": lambda words: words[0] == "partner" or words[-1] == "partner",
}
"""Service -> whether it needs a message, by the words of its key: the table in the lab, said without any pattern."""

LONG = [
    ".".join((first, *"by sea and by rail and by night".split(), *last))
    for first in ("order.placed.de", "order.cancelled.be", "contract.signed.pt", "invoice.sent.nl", "payment.failed.de")
    + ("voucher.cancelled.be", "partner.joined.pt", "parcel.sent.de")
    for last in ((), ("partner",))
]
"""Keys with more words than anybody counts."""


def _keys():
    """Every thing with every event in every country, each with some further words; and all of them where a row decides."""
    dice = random.Random(23)
    keys = []
    for thing in THINGS:
        for happened in HAPPENED:
            decides = (thing, happened) in {("order", "placed"), ("order", "cancelled"), ("payment", "failed")}
            for country in COUNTRIES:
                often = 4 if decides else 2 if "nl" == country or happened == "cancelled" or thing in ("contract", "partner") else 1
                keys += [".".join((thing, happened, country, *further)) for further in dice.sample(FURTHER, often)]
    dice.shuffle(keys)
    return keys + LONG


KEYS = _keys()
FIRST = KEYS[:60]
"""These wait in the queues already when `bind_all` is called a second time."""


def call_bind_all(parameters, bind_all):
    """Call it on a channel of its own, as a service does when it starts, and hang up."""
    connection = pika.BlockingConnection(parameters)
    given("bind_all(ch)")
    bind_all(connection.channel())
    if connection.is_open:
        connection.close()


def call_and_break(parameters, called, *arguments):
    """Call it on a channel of its own, over a line that breaks: what pika then raises is expected."""
    try:
        ch = pika.BlockingConnection(parameters).channel()
        ch.confirm_delivery()
        called(ch, *arguments)
    except AMQPError:
        pass


def _needed(keys):
    return {service: [key for key in keys if needs(key.split("."))] for service, needs in NEEDS.items()}


@checks(
    "23.1",
    title="bind_all",
    hints=[
        "Write down keys of three, four and five words that the service needs, with countries that nobody has thought of. "
        "Which of your patterns takes each?",
        "Write down keys that a careless reader would mistake for needed ones: the same word in another place, the same thing "
        "with another event. Which of your patterns takes them too?",
        "Services call bind_all at every start, and are away at night. What of it is still there when the connection that "
        "made it is closed? What becomes of messages that wait?",
    ],
)
def check_bind_all(bind_all, trial):
    ch = channel(trial)
    ch.exchange_declare("events", "topic", durable=True)
    trial.result(trial.worker(call_bind_all, trial.amqp(), bind_all))
    _check_queues(ch, trial)
    _check_stays(trial, "queues", NEEDS, hint=3)
    _publish(ch, FIRST)
    waited = _waiting(ch)
    trial.result(trial.worker(call_bind_all, trial.amqp(), bind_all), circumstance="bind_all was called a second time")
    if waited != _waiting(ch):
        broken = _broken(trial, ch, FIRST)
        raise Wrong(
            "bind_all was called a second time, while messages waited",
            anomalies=broken,
            must_hold="a second call changes nothing: what waits in a queue stays there",
            hint=3,
        )
    _publish(ch, KEYS[len(FIRST) :])
    broken = _broken(trial, ch, KEYS)
    if broken:
        raise Wrong(
            f"{len(KEYS)} messages were published, each with a key of its own, of three words and more",
            anomalies=broken,
            must_hold="each queue gets exactly what its service needs, one copy each",
            hint=1 if broken[0].name == "lost" else 2,
        )
    _check_nothing_else(trial)
    with _cut_at_bind() as proxy:
        trial.result(trial.worker(call_and_break, trial.amqp(host=proxy.host, port=proxy.port), bind_all))
    _publish(ch, FIRST)
    broken = _broken(trial, ch, FIRST)
    if broken:
        raise Wrong(
            f"bind_all was called once more, and its connection broke at its first queue_bind; then {len(FIRST)} messages "
            "were published",
            anomalies=broken,
            must_hold="a further call changes nothing, at no moment: what was bound stays bound",
            hint=3,
        )
    return [
        f"{len(KEYS)} keys, most of them in no row of the table: each queue has what its service needs, and nothing else",
        "messages that two patterns of a queue match are there once",
        "called again while messages waited, and cut off in the middle of a call, it changed nothing",
    ]


def _publish(ch, keys):
    for key in keys:
        ch.basic_publish("events", key, key.encode())


def _check_queues(ch, trial):
    missing = [service for service in NEEDS if look(ch, service) is None]
    if missing:
        there = ", ".join(sorted(queue["name"] for queue in trial.manage("GET", "queues/{vhost}")))
        raise Wrong(
            f"when the service that had called bind_all was gone, there was no queue {missing[0]!r}; "
            + (f"there were: {there}" if there else "there was none at all"),
            must_hold="each service has a durable queue named as the service",
            hint=3,
        )


def _broken(trial, ch, keys):
    got = {service: [as_text(body) for _, _, body in drain(ch, service)] for service in NEEDS}

    def why(service, key):
        """The patterns of the queue, or the one of them that has let the message in."""
        from workbook.taught.lab23 import matches

        bindings = trial.manage("GET", f"queues/{{vhost}}/{service}/bindings")
        patterns = [one["routing_key"] for one in bindings if one["source"] == "events"]
        takes = [pattern for pattern in patterns if matches(pattern, key)]
        if takes:
            return [f"its binding {takes[0]} takes it"]
        return [f"bound to events for: {', '.join(sorted(patterns)) or 'nothing'}"]

    return anomalies.find_misrouted(_needed(keys), got, why=why)


def _check_nothing_else(trial):
    others = {queue["name"] for queue in trial.manage("GET", "queues/{vhost}")} - NEEDS.keys()
    if others:
        raise Wrong(
            "besides the five queues there is another; no service reads it, and whatever it is bound for stays in it",
            anomalies=[Anomaly("leaked", len(others), None, tuple(sorted(others)), noun="queue")],
            must_hold="bind_all makes no other queue",
            hint=None,
        )


def _check_stays(trial, kind, names, hint):
    for name in names:
        gone = _stays(trial, kind, name)
        if gone:
            raise Wrong(
                f"the {kind.removesuffix('s')} {name!r} is there, and {gone}",
                must_hold="queues and exchanges are durable, stay when nobody uses them, and keep what is in them",
                hint=hint,
            )


# 23.2


EXCHANGE = "happenings"

BEFORE = [
    # id, key, the queue in which it has to be
    ("event 1", "order.placed.de", "invoices"),
    ("event 2", "oder.placed.de", "unrouted"),
    ("event 3", "order.placed.nl.express", "invoices"),
    ("event 4", "contract.signed.nl", "unrouted"),
    ("event 5", "oder.placed.de", "unrouted"),
]
"""Published while Invoices is bound for order.placed.# only."""

AFTER = [
    ("event 6", "contract.signed.nl", "contracts"),
    ("event 7", "order.placed.de", "unrouted"),
    ("event 8", "order.cancelled.de", "invoices"),
    ("event 9", "oder.placed.de", "unrouted"),
    ("event 10", "order.cancelled.de", "invoices"),
]
"""Published by the same publisher while Contracts is bound for contract.#, and Invoices for order.cancelled.# only."""

PLACES = ("invoices", "contracts", "unrouted")


def properties_of(id, key):
    """What a message of the shop says of itself."""
    return {
        "type": ".".join(key.split(".")[:2]),
        "message_id": f"id of {id}",
        "correlation_id": "id of order 7",
        "headers": {"causation_id": "id of the click"},
        "content_type": "application/json",
        "delivery_mode": 2,
    }


def body_of(id):
    return f'{{"event": "{id}", "from": "Zoë"}}'.encode()


def publish_batches(parameters, publisher, exchange, batches):
    """Open a publisher and publish some batches with it; says None when there is nothing to publish with."""
    connection = pika.BlockingConnection(parameters)
    ch = connection.channel()
    ch.confirm_delivery()
    given(f"publisher(ch, {exchange!r})")
    publish = publisher(ch, exchange)
    if not callable(publish):
        return repr(publish)
    for batch in batches:
        for id, key, _ in batch:
            given(f"publish({key!r}, properties, {body_of(id)!r})")
            publish(key, pika.BasicProperties(**properties_of(id, key)), body_of(id))
            with around("published", id=id):
                pass
        # A check can hold the worker here, to change the bindings before the next batch.
        with around("batch"):
            pass
    if connection.is_open:
        connection.close()
    return None


@checks(
    "23.2",
    title="publisher",
    hints=[
        "Who can notice that no queue takes a message? Only the broker, at the moment in which it routes. What can it do then: "
        "tell you, or do something itself? And if it hands the message on: who there takes every key?",
        "What decides whether a message goes to `unrouted`: the bindings of this moment, or something that was noted, or bound, "
        "before?",
        "Whoever finds the message next week wants to send it again. What do they need besides the body, and does it survive "
        "the way into `unrouted`?",
    ],
)
def check_publisher(publisher, trial):
    ch = channel(trial)
    _open(publisher, trial)
    _check_exchange(trial)
    for service in ("invoices", "contracts"):
        ch.queue_declare(service, durable=True)
    ch.queue_bind("invoices", EXCHANGE, "order.placed.#")
    cut = [_publish_over_a_bad_line(publisher, trial, ch, number) for number in (1, 2)]
    got = {place: [] for place in PLACES}

    worker = _worker(publisher, trial, BEFORE, AFTER, fault="hold after batch")
    if worker.wait_held():
        ch.queue_bind("contracts", EXCHANGE, "contract.#")
        ch.queue_bind("invoices", EXCHANGE, "order.cancelled.#")
        ch.queue_unbind("invoices", EXCHANGE, "order.placed.#")
        worker.release()
    trial.result(worker)
    _collect(ch, got)
    _check_places(
        got,
        BEFORE + AFTER,
        "Invoices was bound for order.placed.#; before event 6 it changed to order.cancelled.#, and Contracts bound contract.#",
        first=True,
    )
    _check_kept(got["unrouted"])

    killed = []
    for number in (1, 2, 3):
        killed += _publish_and_die(publisher, trial, number)
    _collect(ch, got)
    _check_places(
        got, BEFORE + AFTER + killed, "three more publishers were opened, and killed when their 1st, 2nd and 3rd publish had returned"
    )

    if not all(cut):
        raise CannotTell("fewer than two messages were published, so none could be lost on its way")
    killed += _publish_while_another_opens(publisher, trial)
    _collect(ch, got)
    _check_places(got, BEFORE + AFTER + killed, "a publisher was at work while another was opened, whose connection broke at its queue_bind")
    killed += _bind_while_it_is_kept(publisher, trial, ch, got)
    _check_places(
        got,
        BEFORE + AFTER + killed,
        "event 45 was unroutable; while publish was about to keep it, Contracts bound its key, and somebody published event 46",
    )
    _check_stays(trial, "queues", ["unrouted"], hint=None)
    declared = [one["name"] for one in trial.manage("GET", "exchanges/{vhost}") if not one["name"].startswith("amq.")]
    _check_stays(trial, "exchanges", filter(None, declared), hint=None)
    return [
        "what no queue was bound for is in unrouted, each message once, with its key, its properties and its body",
        "what some queue was bound for is there, and not in unrouted; bindings that came and went were followed at once",
        "opened again with messages in unrouted, killed when publish had returned, cut off before it had: nothing silently gone",
    ]


def _worker(publisher, trial, *batches, name="publisher 1", **options):
    return trial.worker(publish_batches, trial.amqp(), publisher, EXCHANGE, batches, name=name, **options)


def _open(publisher, trial):
    """A first publisher that publishes nothing."""
    nothing = trial.result(_worker(publisher, trial, name="publisher 0"))
    if nothing:
        raise Wrong(
            f"publisher(ch, {EXCHANGE!r}) returned {nothing}",
            must_hold="publisher returns a function publish(key, properties, body)",
            hint=None,
        )


def _check_exchange(trial):
    must_hold = "when publisher has returned, the topic exchange is there, and services can bind their queues to it"
    try:
        kind = trial.manage("GET", f"exchanges/{{vhost}}/{EXCHANGE}")["type"]
    except urllib.error.HTTPError:
        raise Wrong(
            f"publisher(ch, {EXCHANGE!r}) returned, and there is no exchange {EXCHANGE!r}", must_hold=must_hold, hint=None
        ) from None
    if kind != "topic":
        raise Wrong(f"the exchange {EXCHANGE!r} is a {kind} exchange", must_hold=must_hold, hint=None)


def _publish_and_die(publisher, trial, number):
    """Three messages, and a publisher that is killed when its `number`-th publish has returned: those that count."""
    start = 10 * number
    batch = [
        (f"event {start + 1}", "invoise.written.de", "unrouted"),
        (f"event {start + 2}", "order.cancelled.nl", "invoices"),
        (f"event {start + 3}", "invoise.written.de.web", "unrouted"),
    ]
    fault = f"kill after published {number}"
    outcome = trial.outcome(_worker(publisher, trial, batch, name=f"publisher {number + 1}", fault=fault))
    trial.expect_no_error(outcome)
    trial.expect_fault(outcome, f"killed when publish had returned for {batch[number - 1][0]}")
    return batch[:number]


def publish_until_it_raises(parameters, publisher, exchange, batch):
    """Publish one after the other, until pika's exception comes out."""
    ch = pika.BlockingConnection(parameters).channel()
    ch.confirm_delivery()
    publish = publisher(ch, exchange)
    for id, key, _ in batch:
        given(f"publish({key!r}, properties, {body_of(id)!r})")
        try:
            publish(key, pika.BasicProperties(**properties_of(id, key)), body_of(id))
        except AMQPError:
            break
        with around("published", id=id):
            pass


def _publish_over_a_bad_line(publisher, trial, ch, number):
    """The connection breaks at its `number`-th publish, which the broker never gets: whether that happened.

    It goes before all that counts messages: what was not waited for may be there in time, or not.
    """
    batch = [(f"event {50 + 10 * number + n}", "parcel.lost.de", "unrouted") for n in (1, 2)]
    name = f"publisher on a bad line {number}"
    with _cut_at_publish(number) as proxy:
        through = trial.amqp(host=proxy.host, port=proxy.port)
        trial.result(trial.worker(publish_until_it_raises, through, publisher, EXCHANGE, batch, name=name))
    steps = [step for step in trial.history.records() if step["who"] == name]
    sent = [at for at, step in enumerate(steps) if (step["what"], step["phase"]) == ("basic.publish", "start")]
    there = {_id(body) for _, _, body in drain(ch, "unrouted")}
    if proxy.lost and len(sent) >= number:
        returned = [step["id"] for step in steps[sent[number - 1] :] if (step["what"], step["phase"]) == ("published", "end")]
        lost = [id for id in returned if id not in there]
        if lost:
            ordinal = {1: "first", 2: "second"}[number]
            story = (
                f"the connection broke when the {ordinal} basic_publish had been sent; the broker never got it, and confirmed nothing",
                "publish returned all the same, and unrouted has not got the message",
            )
            raise Wrong(
                "publish returned unconfirmed: it did not wait for the broker's answer, or kept to itself that there was none",
                anomalies=[Anomaly("lost", 1, None, (f"{lost[0]} (parcel.lost.de)",), story, "message")],
                must_hold="publish returns when the broker has confirmed the message; when the connection breaks before, "
                "pika's exception comes out",
                hint=None,
            )
    return proxy.lost


def _publish_while_another_opens(publisher, trial):
    """One publisher is open; another one is opened, and its connection breaks at its queue_bind; then the first publishes."""
    batch = [("event 44", "oder.placed.nl", "unrouted")]
    worker = _worker(publisher, trial, [], batch, name="publisher 5", fault="hold after batch")
    if worker.wait_held():
        with _cut_at_bind() as proxy:
            through = trial.amqp(host=proxy.host, port=proxy.port)
            trial.result(trial.worker(call_and_break, through, publisher, EXCHANGE, name="publisher 6"))
        worker.release()
    trial.result(worker)
    return batch


def _bind_while_it_is_kept(publisher, trial, ch, got):
    """Where a second publish keeps the message: a service binds right before, and another publisher's message goes there."""
    key = "parcel.found.de"
    batch = [("event 45", key, "unrouted")]
    worker = _worker(publisher, trial, batch, name="publisher 7", fault="hold before basic.publish 2")
    held = worker.wait_held()
    if held:
        ch.queue_bind("contracts", EXCHANGE, key)
        ch.basic_publish(EXCHANGE, key, body_of("event 46"), pika.BasicProperties(**properties_of("event 46", key)))
        worker.release()
    trial.result(worker)
    _collect(ch, got)
    if not held:
        return batch
    # Whether event 45 is kept, or goes to the service that binds its key by now: both are right.
    for place in PLACES:
        got[place] = [one for one in got[place] if _id(one[2]) != "event 45"]
    return [("event 46", key, "contracts")]


def _collect(ch, got):
    """Add what the services' queues have; look at what is in `unrouted`, which stays there until somebody takes care of it."""
    for service in ("invoices", "contracts"):
        got[service] += [(method.routing_key, *rest) for method, *rest in drain(ch, service)]
    got["unrouted"] = _peek(ch, "unrouted")


def _id(body):
    """The id of a message, by its body; an answer may have wrapped that into something of its own."""
    found = re.search(r"event \d+", as_text(body))
    return found[0] if found else as_text(body)[:40]


def _check_places(got, sent, circumstance, first=False):
    called = {id: f"{id} ({key})" for id, key, _ in sent}
    needed = {place: [called[id] for id, _, right in sent if right == place] for place in PLACES}
    there = {place: [called.get(_id(body), _id(body)) for _, _, body in found] for place, found in got.items()}
    broken = anomalies.find_misrouted(needed, there)
    if broken:
        hint = 1 if broken[0].name == "lost" and broken[0].ids[0].endswith("unrouted") else 2
        raise Wrong(
            circumstance,
            anomalies=broken,
            must_hold="each message is in the queue that is bound for it when it is published; in unrouted, once, when there is none",
            hint=hint if first else None,
        )


def _check_kept(found):
    """What is in `unrouted` is as it was published."""
    changed = {}
    for key, properties, body in found:
        id = _id(body)
        was = {"key": next(key for one, key, _ in BEFORE + AFTER if one == id)}
        was |= {**properties_of(id, was["key"]), "body": body_of(id)}
        given_too = [name for name, value in vars(properties).items() if value is not None and name not in was]
        now = {"key": key, "body": body, **{name: getattr(properties, name) for name in (*properties_of(id, key), *given_too)}}
        was |= dict.fromkeys(given_too)
        # Whoever keeps the message may note more about it, in its headers.
        now["headers"] = {name: (now["headers"] or {}).get(name) for name in was["headers"]}
        changed |= {id: (name, was[name], now[name]) for name in reversed(was) if now[name] != was[name]}
    if changed:
        ids = sorted(changed)
        name, was, now = changed[ids[0]]
        story = (f"{ids[0]} was published with the {name} {was!r}", f"in unrouted it has the {name} {now!r}")
        raise Wrong(
            anomalies=[Anomaly("changed", len(ids), len(found), tuple(ids), story, "message")],
            must_hold="a message lies in unrouted with the key, the properties and the body with which it was published",
            hint=3,
        )
