"""Lab 21: messages, not objects. How the answers to 21.1 are judged.

By where each message is in the end: handed to the function of its type, or parked with a reason, or in its queue again;
each in one place, and in the right one (`workbook.anomalies`). The reader is killed after each of its operations too.
"""

import json
from dataclasses import dataclass

import pika

from workbook import anomalies
from workbook.anomalies import Ledger, as_text
from workbook.checks.messages import channel, drain
from workbook.exercises import checks
from workbook.faults import around, crash_points, given, no_steps
from workbook.verdicts import CannotTell, Wrong
from workbook.workers import Unshipped

BROKERS = ("redis", "rabbitmq")

PARKED = "parked"

PATIENCE = 4.0
"""Seconds for one call of an answer; the exercise says it."""


@dataclass(frozen=True)
class Sent:
    """A message, what is odd about it, and where it belongs: handled, or parked with a reason that names `because`."""

    id: str
    kind: str | None
    body: bytes
    handled: bool = True
    odd: str | None = None
    because: str | None = None
    plain: bool = False
    content_type: str = "application/json"

    @property
    def properties(self):
        """What it is sent with. plain: by a program that sets no header at all."""
        if self.plain:
            return pika.BasicProperties(type=self.kind, message_id=self.id, delivery_mode=2)
        return pika.BasicProperties(
            type=self.kind,
            message_id=self.id,
            correlation_id=f"correlation of {self.id}",
            headers={"causation_id": f"cause of {self.id}"},
            content_type=self.content_type,
            delivery_mode=2,
        )


def _good(order, kind="charge_card", **fields):
    return Sent(order, kind, json.dumps({"order": order, "cents": 4900, **fields}).encode())


PAYMENTS = {"charge_card": ("order", "cents"), "send_receipt": ("order", "email")}
FIRST = [
    Sent("order 1", "refund_card", b'{"cents":4900,"order":"order 1"}', False, "nobody here knows its type, refund_card",
         "refund_card", plain=True),
    _good("order 2"),
    Sent("order 3", "charge_card", b'{"order": "order 3", "cents": 4900, "currency": "EUR", "gift": {"to": ["Ada"]}}',
         odd="it has two fields that its function does not need, currency and gift"),
    Sent("order 4", "charge_card", b'{"order":"order 4",  "total": 4.90e1}', False, "it has no field cents", "cents"),
    Sent("order 5", "charge_card", b'{"order": "order 5", "cents": ', False, "its body breaks off in the middle"),
    Sent("order 6", "send_receipt", b'{"order": "order 6", "email": "ada@example.org"}',
         odd="it has no field cents, and its function needs none"),
    Sent("order 7", "charge_card", b'{"order": "order 7", "cents": 0}', odd="its field cents is there, with the value 0"),
    Sent("order 8", "charge_card", b'["order", "cents"]', False, "its body is JSON, and a list"),
    Sent("order 9", "send_receipt", b'{"order": "order 9", "cents": 4900}', False, "it has no field email", "email"),
    Sent("order 10", "charge_card", b'{"order": "order 10", "cents": 4900, "name": "M\xfcller"}', False,
         "its body is not in UTF-8"),
    Sent("order 11", None, b'{"order": "order 11", "cents": 4900, "type": "charge_card"}', False,
         "its properties say no type (a field in its body does)"),
    _good("order 12"),
]

SUPPORT = {"open_ticket": ("order", "text"), "close_tickets": ()}
ROUNDS = [
    [
        Sent("order 21", "close_tickets", b'{"order": "order 21"}', odd="its function needs no field at all"),
        Sent("order 22", "charge_card", b'{"order": "order 22", "cents": 4900}', False,
             "in this queue nobody knows its type, charge_card", "charge_card"),
    ],
    [],
    [
        Sent("order 23", "open_ticket", b"null", False, "its body is JSON, and null"),
        Sent("order 24", "open_ticket", b'{"order": "order 24", "text": ""}', odd="its field text is there, and empty"),
        Sent("order 25", "open_ticket", b'{"order": "order 25", "text": null}', odd="its field text is there, with the value null"),
        Sent("order 26", "open_ticket", b"7", False, "its body is JSON, and a number"),
        Sent("order 27", "close_tickets", b"{}", odd="its body is an object without fields, and its function needs none"),
        Sent("order 28", "open_ticket", b'{"order": "order 28", "text": "?"}', odd="its content_type is text/plain",
             content_type="text/plain"),
    ],
]


# What runs in the worker


def receive_each_round(parameters, receive, queue, needs, world, rounds=((),), fails=None):
    """Call `receive` once a round on one channel, each time with new messages in the queue: (what it returned each time,
    which exception came out because a function raised).

    fails: an exception that a function raises when it gets order 2 for the first time.
    """
    connection = pika.BlockingConnection(parameters)
    ch = connection.channel()
    ch.confirm_delivery()
    due = [fails] if fails else []
    handlers = {kind: (_noting(kind, world, due), list(fields)) for kind, fields in needs.items()}
    returned, raised = [], None
    for messages in rounds:
        with no_steps("amqp"):
            publishing = connection.channel()
            publishing.confirm_delivery()
            _publish(publishing, queue, messages)
            publishing.close()
        given(f"receive(ch, {queue!r}, handlers for {', '.join(needs)})")
        try:
            value = receive(ch, queue, handlers)
            returned.append(value if isinstance(value, (int, float, str, type(None))) else Unshipped(value))
        except Exception as error:
            if fails is None or not any(one is fails for one in (error, error.__cause__, error.__context__)):
                raise
            raised = type(fails).__name__ if error is fails else f"another exception, {type(error).__name__}"
        # A check can hold the worker here, its channel still open, to see what receive has left behind.
        with around("leave"):
            pass
    # In order, so that whatever is not acknowledged is back in the queue when this worker has ended.
    if connection.is_open:
        connection.close()
    return returned, raised


def _noting(kind, world, due):
    """A function for one type of message: what it gets is noted outside, where nothing is forgotten.

    It returns False, which means nothing.
    """

    def handle(data):
        told = json.dumps(data, sort_keys=True, default=as_text)
        if due and isinstance(data, dict) and data.get("order") == "order 2":
            raise due.pop()
        world.mail(kind, told)
        return False

    return handle


def _publish(ch, queue, messages):
    for sent in messages:
        ch.basic_publish("", queue, sent.body, sent.properties)


# What the checks share


def _fresh(trial, ch, queue, messages=(), parked=True):
    """A new experiment: an empty queue with these messages; and, unless it is to be missing, an empty queue `parked`."""
    trial.again()
    for name in (queue, PARKED):
        ch.queue_delete(name)
    ch.queue_declare(queue, durable=True)
    if parked:
        ch.queue_declare(PARKED, durable=True)
    _publish(ch, queue, messages)


def _peek(ch, name):
    """What waits in a queue, and goes on to wait there, as `drain` gives it."""
    ch, found = ch.connection.channel(), []
    while (got := ch.basic_get(name))[0]:
        found.append(got)
    if found:
        ch.basic_nack(0, multiple=True, requeue=True)
    ch.queue_declare(name, passive=True)  # answered when all are back
    ch.close()
    return found


def _name(messages, properties, body):
    """Which message this is: by its id, or where that is another one by its body."""
    ids = {sent.id for sent in messages}
    if properties.message_id in ids:
        return properties.message_id
    return next((sent.id for sent in messages if sent.body == body), as_text(properties.message_id or body))


def _whose(messages, told):
    """Which message a function got: its data says it."""
    data = _json(told)
    data = _json(data) if isinstance(data, str) else data
    if isinstance(data, dict) and isinstance(data.get("order"), str):
        return data["order"]
    return next((sent.id for sent in messages if data in (as_text(sent.body), _json(sent.body))), told)


def _json(text):
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _handled(trial):
    return list(trial.world.mails())


@checks(
    "21.1",
    title="receive",
    budget=5,
    hints=[
        "Three things can be wrong with a message before any function of yours runs. Which of them need its body, and what can a "
        "body be besides an object?",
        "A field is there, or it is not. Does its value matter for that? Does a field matter that nobody has asked for?",
        "At every moment somebody has the message: its queue, or `parked`, or the effect of its function. Which one forgets last?",
    ],
)
def check_receive(receive, trial):
    ch = channel(trial)
    points = _check_all_kinds(receive, trial, ch)
    _check_again(receive, trial, ch)
    for error in (KeyError("iban"), ValueError("the amount is odd"), TypeError("cents"), AttributeError("cents")):
        _check_function_raises(receive, trial, ch, error)
    killed = _check_killed(receive, trial, ch)
    return [
        f"{points['handled']} messages were handled, with fields that nobody knows, with 0 and null, with and without `cents`",
        f"{points['parked']} were parked as they came, each with a reason, and those behind them were handled",
        "what a function itself raised came out, a KeyError too, its message went back to its queue, and the next call worked",
        f"killed at {killed} points and called again: nothing lost, nothing in a wrong place",
    ]


def _circumstance(sent):
    return [f"{sent.id}: {sent.odd}"] if sent and sent.odd else []


def _judge_places(trial, ch, messages, queue):
    """Each message in its place, once; and each parked one as it came, with its reason."""
    by_id = {sent.id: sent for sent in messages}
    handled = _handled(trial)
    parked = [(_name(messages, properties, body), properties, body) for _, properties, body in drain(ch, PARKED)]
    back = [_name(messages, properties, body) for _, properties, body in drain(ch, queue)]
    got = {
        "handled": [_whose(messages, told) for _, told in handled],
        "parked": [id for id, *_ in parked],
        f"the queue {queue} again": back,
    }
    records = trial.history.records()
    broken = anomalies.find_anomalies(Ledger(accepted=list(by_id), found=got), "message", records)
    for anomaly in broken:
        raise Wrong(
            *_circumstance(by_id.get(anomaly.ids[0])),
            anomalies=[anomaly],
            must_hold="every message is handled once, or parked once; nothing is dropped",
            hint=3,
        )
    if back:
        raise Wrong(
            *_circumstance(by_id[back[0]]),
            f"receive returned, and {back[0]} still waits in {queue}",
            must_hold="receive goes on until nothing waits in its queue",
            hint=None,
        )
    reasons = {id: (properties.headers or {}).get("reason") for id, properties, _ in parked}
    needed = {place: [one.id for one in messages if one.handled == (place == "handled")] for place in ("handled", "parked")}

    def why(place, id):
        return [f"its reason: {reasons[id]}"] if place == "parked" and reasons.get(id) else []

    for anomaly in anomalies.find_misrouted(needed, got, "message", why=why):
        if anomaly.name == "unwanted":
            sent = by_id[anomaly.ids[0].split(" for ")[0]]
            called = [] if sent.handled else [f"the function of {sent.kind} was called with it"]
            raise Wrong(
                *_circumstance(sent),
                *called,
                anomalies=[anomaly],
                must_hold="a message is handled when its function has all that it needs, and parked otherwise",
                hint=2 if sent.handled or sent.because else 1,
            )
    for kind, told_data in handled:
        _check_handed_over(by_id[_whose(messages, told_data)], kind, told_data)
    for id, properties, body in parked:
        _check_parked(by_id[id], properties, body)
    return {"handled": len(handled), "parked": len(parked)}


def _check_handed_over(sent, kind, told):
    if kind != sent.kind:
        raise Wrong(
            f"{sent.id} has the type {sent.kind}, and was given to the function of {kind}",
            must_hold="a message is handled by the function of its type",
            hint=1,
        )
    changed = anomalies.find_changed({sent.id: json.loads(sent.body)}, {sent.id: json.loads(told)}, "message")
    if changed:
        raise Wrong(
            *_circumstance(sent), anomalies=[changed], must_hold="the function gets the data as it was sent", hint=2
        )


def _check_parked(sent, properties, body):
    was, headers = sent.properties, dict(properties.headers or {})
    reason = headers.pop("reason", None)
    fields = ("type", "message_id", "correlation_id", "content_type", "delivery_mode")
    before = {"body": sent.body, "headers": dict(was.headers or {}), **{field: getattr(was, field) for field in fields}}
    after = {"body": body, "headers": headers, **{field: getattr(properties, field) for field in fields}}
    for field in before:
        # Headers of the reader's own (a count, a time) do no harm.
        kept = before[field].items() <= after[field].items() if field == "headers" else before[field] == after[field]
        if not kept:
            has = dict(properties.headers or {}) if field == "headers" else after[field]
            raise Wrong(
                f"{sent.id} was sent with the {field} {before[field]!r}; in parked it has {has!r}",
                must_hold="what is parked is the message as it came, with one header more",
                hint=None,
            )
    if not isinstance(reason, str) or not reason.strip():
        raise Wrong(
            *_circumstance(sent),
            f"it is parked, and its header reason is {reason!r}",
            must_hold="whoever finds a message in parked reads in its header reason why it is there",
            hint=1,
        )
    if sent.because and sent.because not in reason:
        raise Wrong(
            *_circumstance(sent),
            f"it is parked, and its reason is {reason!r}",
            must_hold="the reason names the type that nobody knows, or the field that is missing",
            hint=1,
        )


def _check_count(returned, wanted, what):
    if type(returned) is not int or returned != wanted:
        raise Wrong(
            f"{what}: {wanted} were handled, and receive returned {returned!r}",
            must_hold="receive returns how many messages it has handled; parked ones are not among them",
            hint=None,
        )


def _reader(trial, receive, queue, needs, *rest, name="reader 1", **options):
    return trial.worker(receive_each_round, trial.amqp(), receive, queue, needs, trial.world, *rest, name=name, **options)


def _stuck(circumstance):
    return Wrong(
        circumstance,
        f"stuck: receive had not returned after {PATIENCE:g} s",
        must_hold="receive comes to an end: each message is handled or parked, and then nothing waits",
        hint=None,
    )


def _result(trial, worker, circumstance):
    """What the reader's driver returned; each of its calls has its time."""
    outcome = trial.outcome(worker, PATIENCE, each_call=True)
    if outcome.kind == "overran":
        raise _stuck(circumstance)
    trial.expect_no_error(outcome, circumstance)
    if outcome.kind == "killed":
        raise CannotTell("the reader ended on its own, without an exception; run the check again")
    return outcome.value


def _expect_nothing_left(worker, ch, queue, circumstance):
    """After its first call the reader stands still, its channel open: does that still read?"""
    if worker.wait_held(within=PATIENCE):
        left = ch.queue_declare(queue, passive=True).method.consumer_count
        worker.release()
        if left:
            raise Wrong(
                circumstance,
                f"the call is over, and its channel still consumes {queue}",
                must_hold="when receive is over, nothing of it is left: what comes now is for the next call",
                hint=None,
            )
    elif worker.alive:
        raise _stuck(circumstance)


def _check_all_kinds(receive, trial, ch):
    """Twelve messages of every kind; there is no queue `parked` yet."""
    _fresh(trial, ch, "payments", FIRST, parked=False)
    worker = _reader(trial, receive, "payments", PAYMENTS)
    circumstance = f"{len(FIRST)} messages wait in payments, the first of a type that nobody knows"
    [value], _ = _result(trial, worker, circumstance)
    found = _judge_places(trial, ch, FIRST, "payments")
    _check_count(value, found["handled"], circumstance)
    return found


def _check_again(receive, trial, ch):
    """Another queue, other types; three calls on one channel, the second of them with nothing to do."""
    _fresh(trial, ch, "support")
    circumstance = f"receive is called {len(ROUNDS)} times on one channel, each time after new messages"
    worker = _reader(trial, receive, "support", SUPPORT, ROUNDS, fault="hold before leave")
    _expect_nothing_left(worker, ch, "support", circumstance)
    values, _ = _result(trial, worker, circumstance)
    _judge_places(trial, ch, [sent for messages in ROUNDS for sent in messages], "support")
    for call, (value, messages) in enumerate(zip(values, ROUNDS), start=1):
        _check_count(value, sum(sent.handled for sent in messages), f"call {call} of 3, with {len(messages)} messages in the queue")


def _check_function_raises(receive, trial, ch, error):
    """A function raises at order 2, once; then receive is called again on the same channel."""
    messages = [_good("order 1"), _good("order 2"), _good("order 3")]
    _fresh(trial, ch, "payments", messages)
    kind = type(error).__name__
    circumstance = f"order 2 has all that its function needs, and the function itself raised {kind}"
    worker = _reader(trial, receive, "payments", PAYMENTS, ((), ()), error, fault="hold before leave")
    _expect_nothing_left(worker, ch, "payments", circumstance)
    _, raised = _result(trial, worker, circumstance)
    found = {
        "handled": [_whose(messages, told) for _, told in _handled(trial)],
        "parked": [_name(messages, *one[1:]) for one in drain(ch, PARKED)],
        "the queue payments again": [_name(messages, *one[1:]) for one in drain(ch, "payments")],
    }
    must_hold = "what a function raises comes out of receive, and its message goes back to its queue"
    broken = anomalies.find_anomalies(Ledger(accepted=[sent.id for sent in messages], found=found), "message")
    if broken:
        raise Wrong(
            circumstance, "then receive was called again on the same channel", anomalies=broken, must_hold=must_hold, hint=3
        )
    if found["parked"]:
        raise Wrong(
            circumstance,
            f"parked was {', '.join(found['parked'])}, whose message is in order",
            must_hold=must_hold,
            hint=2,
        )
    if raised != kind:
        came = f"what came out was {raised}" if raised else "receive returned as if nothing had happened"
        raise Wrong(circumstance, came, must_hold=must_hold, hint=None)
    if waits := [id for id in found["the queue payments again"] if id != "order 2"]:
        raise Wrong(
            circumstance,
            f"then receive was called again on the same channel, returned, and {waits[0]} still waits in payments",
            must_hold="receive goes on until nothing waits in its queue",
            hint=None,
        )


def _check_killed(receive, trial, ch):
    """Killed before its first and after each of its operations, at a message to handle and one to park; then called again."""
    messages = [FIRST[3], _good("order 12")]
    ids = [sent.id for sent in messages]
    told = "two messages: order 4 has no field cents, order 12 is in order"
    _fresh(trial, ch, "payments", messages)
    _result(trial, _reader(trial, receive, "payments", PAYMENTS), told)
    points = crash_points(trial.operations("reader 1", but=("leave", "given")))
    for point in points:
        _fresh(trial, ch, "payments", messages)
        outcome = trial.outcome(_reader(trial, receive, "payments", PAYMENTS, fault=point), PATIENCE)
        trial.expect_no_error(outcome)
        trial.expect_fault(outcome, point)
        parked = []

        def places(taken=_peek, parked=parked):
            # The broker notices the broken connection by itself, and then gives back what was not acknowledged.
            parked += [_name(messages, *one[1:]) for one in drain(ch, PARKED)]
            return {
                "handled": [_whose(messages, data) for _, data in _handled(trial)],
                "parked": parked,
                "the queue payments again": [_name(messages, *one[1:]) for one in taken(ch, "payments")],
            }

        def all_found(places=places):
            return set(ids) <= {id for place in places().values() for id in place}

        def expect_nothing_lost(found, *circumstance):
            lost = anomalies.find_lost(Ledger(accepted=ids, found=found), "message", trial.history.records())
            if lost:
                raise Wrong(
                    *circumstance,
                    anomalies=[lost],
                    must_hold="a message is acknowledged when it is handled, or when it is parked, and not before",
                    hint=3,
                )

        killed = f"{told}; the reader was {outcome.fault}"
        if not trial.until(all_found, within=3.0):
            expect_nothing_lost(places(), killed)
        again = "then receive was called again"
        _result(trial, _reader(trial, receive, "payments", PAYMENTS, name="reader 2"), f"{killed}; {again}")
        found = places(drain)
        expect_nothing_lost(found, killed, again)
        _expect_right_places(messages, found, killed, again)
    return len(points)


def _expect_right_places(messages, found, *circumstance):
    """After a kill and another call: a message may be in its place twice, and in no other place."""
    for sent in messages:
        right, other = ("handled", "parked") if sent.handled else ("parked", "handled")
        if sent.id in found[other]:
            [unwanted] = anomalies.find_misrouted({}, {other: [sent.id]}, "message")
            raise Wrong(
                *circumstance,
                anomalies=[unwanted],
                must_hold="a message that was delivered before is handled, or parked, for the same reasons as any other",
                hint=None,
            )
        if sent.id not in found[right]:
            raise Wrong(
                *circumstance,
                f"it returned, and {sent.id} still waits in payments",
                must_hold="receive goes on until nothing waits in its queue",
                hint=None,
            )
