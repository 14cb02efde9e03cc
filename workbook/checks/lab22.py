"""Lab 22: publish and subscribe. How the answers to 22.1 and 22.2 are judged.

22.1 is judged by what lies in each service's queue when its services were away, started again, ran as two replicas and
asked for more: `workbook.anomalies.find_misrouted`, against what each service had subscribed to. That replicas share is
seen in two of them which both stand in their work. 22.2 is judged by the one law (`workbook.anomalies`): each event is
handled, or waits in the queue, and after a crash only the one in hand may be both.
"""

import json
import urllib.error

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker

from workbook import anomalies
from workbook.anomalies import Ledger, as_text
from workbook.checks.messages import Look, channel, drain, look
from workbook.exercises import checks
from workbook.faults import around, crash_points, given
from workbook.proxy import lost_reply
from workbook.verdicts import CannotTell, Wrong

BROKERS = ("rabbitmq",)


# What the checks share


def _ids_in(ch, queue):
    """The ids of all that waits in a queue, which is empty then."""
    return [properties.message_id for _, properties, _ in drain(ch, queue)]


def _event(ch, kind, id, exchange="events", key=None):
    properties = pika.BasicProperties(type=kind, message_id=id, correlation_id=id, content_type="application/json", delivery_mode=2)
    ch.basic_publish(exchange, key or kind, json.dumps({"id": id}).encode(), properties)


def _waits(ch, queue):
    """How many messages wait in a queue; none when there is no such queue."""
    return (look(ch, queue) or Look(0, 0)).ready


def _listed(ids):
    return ", ".join(map(as_text, ids)) or "none"


# 22.1


SUBSCRIPTIONS = {
    "invoices": ("partner.address_changed", "order.placed"),
    "contracts": ("partner.address_changed",),
    "fraudscore": ("order.cancelled", "order.placed", "partner.address_changed"),
    "support": ("order.cancelled",),
}
"""Service -> the keys that it subscribes to at first."""

LATER = "parcel.sent"
"""What `invoices` wants too, from its next version on."""

KINDS = ("partner.address_changed", "order.placed", "order.cancelled", LATER, "partner.address_changed.twice")


def start_service(parameters, subscribe, service, *calls):
    """What a service does when it starts, on a connection of its own, with the keys of each call.

    It can be held at "serve", and hangs up at its end; returns whether its channel was still open.
    """
    connection = pika.BlockingConnection(parameters)
    ch = connection.channel()
    for keys in calls:
        given(_call(service, keys))
        subscribe(ch, service, *keys)
    usable = ch.is_open
    with around("serve"):
        pass
    if connection.is_open:
        connection.close()
    return usable


def start_and_break(parameters, subscribe, service, keys):
    """It starts over a line that breaks: what pika then raises is expected."""
    try:
        start_service(parameters, subscribe, service, keys)
    except AMQPError:
        pass


def _call(service, keys):
    return f"subscribe(ch, {', '.join(map(repr, (service, *keys)))})"


def replica(parameters, subscribe, service, keys, world):
    """A replica that handles events, one at a time, until it is told that the shop closes. A mail says which event it was."""
    ch = pika.BlockingConnection(parameters).channel()
    given(_call(service, keys))
    subscribe(ch, service, *keys)
    ch.basic_qos(prefetch_count=1)
    for method, properties, _ in ch.consume(service):
        if properties.message_id != "closing":
            world.mail(properties.message_id, service)
        ch.basic_ack(method.delivery_tag)
        if properties.message_id == "closing":
            break
    ch.connection.close()


@checks(
    "22.1",
    title="subscribe",
    budget=5,
    hints=[
        "Whoever takes an event out of a queue takes it away from all others who read there. From whom may a replica of "
        "Invoices take one, and from whom not?",
        "The service is away at night, and somebody restarts the broker. Which of the things that you have made is still there "
        "in the morning, and who has deleted the others?",
        "A service calls it at every start: as the very first of all, while events wait for it, and one day with a key more. "
        "What does your second call do?",
    ],
)
def check_subscribe(subscribe, trial):
    ch = channel(trial)
    events = {service: [] for service in SUBSCRIPTIONS}
    sent = []

    def publish(keys_of):
        """Two more events of each kind, which the services with these keys want from now on."""
        for kind in KINDS * 2:
            sent.append(kind)
            id = f"{kind} {sent.count(kind)}"
            _event(ch, kind, id)
            for service, keys in keys_of.items():
                events[service] += [id] * (kind in keys)

    never = _first_starts(subscribe, trial, ch)
    publish(SUBSCRIPTIONS)
    _compare(ch, events, "every service had been started once, and had gone home; then events were published", never=never)
    _second_starts(subscribe, trial, lambda: publish(SUBSCRIPTIONS))
    _compare(ch, events, "two replicas of each service were started while events waited, and more were published", hint=3)
    wanted = {**SUBSCRIPTIONS, "invoices": (*SUBSCRIPTIONS["invoices"], LATER)}
    trial.result(trial.worker(start_service, trial.amqp(), subscribe, "invoices", SUBSCRIPTIONS["invoices"], wanted["invoices"]))
    publish(wanted)
    _compare(ch, events, f"Invoices had asked for one key more, {LATER!r}; then events were published", hint=3)
    # What was bound stays bound, at each moment of a start. So the start is cut off before its first queue.bind is done.
    with lost_reply("rabbitmq", lose="bind", cut="request") as proxy:
        through = trial.amqp(host=proxy.host, port=proxy.port)
        trial.result(trial.worker(start_and_break, through, subscribe, "invoices", wanted["invoices"]))
    publish(wanted)
    circumstance = "Invoices was started once more, and its connection broke at its first queue_bind; then events were published"
    _compare(ch, events, circumstance, hint=3)
    _check_left_over(trial)
    _check_stays(trial)
    _check_replicas(subscribe, trial, ch, wanted["invoices"])
    return [
        "four services were away, started again and asked for more: each had every event that it wanted, once, and no other",
        "what waited or was bound was still there after each further start; queues and exchange survive the broker's restart",
        "two replicas of Invoices worked side by side, and each event was handled by one of them",
    ]


def _first_starts(subscribe, trial, ch):
    """Each service starts, the first one on a broker where there is nothing yet, and hangs up.

    Returns the services that had no queue of their name while they were running.
    """
    never = []
    for number, (service, keys) in enumerate(SUBSCRIPTIONS.items()):
        worker = trial.worker(start_service, trial.amqp(), subscribe, service, keys, fault="hold before serve")
        if not worker.wait_held(within=3.0) and worker.alive:
            raise Wrong(
                f"stuck: {_call(service, keys)} had not returned after 3 s",
                must_hold="subscribe returns; the service reads afterwards",
                hint=None,
            )
        queue = _queue(trial, service)
        if queue is None:
            never.append(service)
        worker.release()
        usable = trial.result(worker)
        if queue and queue["arguments"].get("x-queue-type") == "stream":
            raise Wrong(
                f"queue {service!r} is a stream: nothing is ever taken out of it, so each replica reads every event",
                must_hold="two replicas of a service share its events",
                hint=1,
            )
        if not usable:
            raise Wrong(
                "when subscribe had returned, its channel was closed",
                must_hold="the service goes on with the channel that it has given to subscribe",
                hint=None,
            )
        if number == 0:
            _check_exchange(ch)
    return never


def _queue(trial, name):
    """What the management API knows of a queue, or None: also of an exclusive one, which by AMQP only its owner may see."""
    try:
        return trial.manage("GET", f"queues/{{vhost}}/{name}")
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def _check_exchange(ch):
    """The producer declares it too, and may be there first: with the same settings, or one of the two cannot start."""
    declaring = ch.connection.channel()
    try:
        declaring.exchange_declare("events", "topic", durable=True)
    except ChannelClosedByBroker:
        raise Wrong(
            "then Orders declared `events`, durable and of type topic, and was refused: it is there with another type, "
            "not durable, or with auto_delete",
            must_hold="whoever comes first declares the exchange, all in the same way",
            hint=None,
        ) from None
    declaring.close()


def _second_starts(subscribe, trial, publish):
    """Two replicas of each service start, the second one calls subscribe twice; `publish` is called while all are there."""
    replicas, held = [], []
    for service, keys in SUBSCRIPTIONS.items():
        for calls in (1, 2):
            # One after the other: what two do at the same moment is a matter of luck, and a verdict is not.
            replicas.append(trial.worker(start_service, trial.amqp(), subscribe, service, *[keys] * calls, fault="hold before serve"))
            held.append(replicas[-1].wait_held())
    if all(held):
        publish()
    for one in replicas:
        one.release()
    for one in replicas:
        trial.result(one, circumstance="two replicas of each service were started while events waited for them")
    if not all(held):
        raise CannotTell("the replicas of the services were not there at the same time; run the check again")


def _compare(ch, events, circumstance, hint=None, never=()):
    """Each service's queue holds its events, and nothing else. They are looked at, and stay where they are.

    never: the services that have had no queue of their name at all.
    """
    got, gone = {}, []
    for service in events:
        got[service] = []
        if look(ch, service) is None:
            gone.append(service)
            continue
        while (message := ch.basic_get(service))[0]:
            got[service].append(message[1].message_id)
        if got[service]:
            ch.basic_nack(multiple=True, requeue=True)

    def why(service, id):
        if service in never:
            return [f"while {service} was running there was no queue {service!r} either"]
        return [f"the queue {service!r} was there, and is gone"] if service in gone else ()

    broken = anomalies.find_misrouted(events, got, why=why)
    if broken:
        raise Wrong(
            circumstance,
            anomalies=broken,
            must_hold="each service has every event that it has subscribed to once, and no other, whether it is there or away",
            hint=1 if never or broken[0].name != "lost" else 2 if gone else hint,
        )


def _check_left_over(trial):
    """A queue that nobody reads gets its copies too, for ever."""
    names = [queue["name"] for queue in trial.manage("GET", "queues/{vhost}")]
    others = [name for name in names if name not in SUBSCRIPTIONS]
    leaked = anomalies.find_leaked({"the broker": others}, noun="queue")
    if leaked:
        raise Wrong(
            f"four services were started several times, and now there are {len(names)} queues; nobody has subscribed to the others",
            anomalies=[leaked],
            must_hold="a service has one queue, however often it is started",
            hint=3,
        )


KEEPS_NOT = {
    "x-expires": "it is deleted when nobody has used it for a while",
    "x-message-ttl": "what waits there is thrown away after a while",
    "x-max-length": "it throws away what is too much",
    "x-max-length-bytes": "it throws away what is too much",
}


def _check_stays(trial):
    for kind, name in (("exchanges", "events"), *(("queues", service) for service in SUBSCRIPTIONS)):
        it = trial.manage("GET", f"{kind}/{{vhost}}/{name}")
        why = [reason for argument, reason in KEEPS_NOT.items() if argument in it["arguments"]]
        if why and str(it["arguments"].get("x-overflow")).startswith("reject-publish"):
            why = ["when it is full it refuses what is published, and does not have it"]
        if not it["durable"]:
            why = ["it is not durable: after a restart of the broker it is gone"]
        if it["auto_delete"]:
            why = ["it deletes itself when the last one who used it has left"]
        if why:
            raise Wrong(
                f"{kind[:-1]} {name!r}: {why[0]}",
                must_hold="events wait for a service for as long as it is away",
                hint=2,
            )


def _check_replicas(subscribe, trial, ch, keys):
    """Two replicas, each held in its first event: both must have one. Then they go on until nothing is left."""
    trial.again()
    ch.queue_purge("invoices")
    arguments = (trial.amqp(), subscribe, "invoices", keys, trial.world)
    two = [trial.worker(replica, *arguments, name=f"replica {number}", fault="hold before mail") for number in (1, 2)]
    circumstance = "two replicas of Invoices were started, and read from its queue"
    trial.until(lambda: look(ch, "invoices").consumers == 2 or not all(one.alive for one in two))
    events = [f"{keys[0]} {number} for two" for number in range(1, 7)]
    for id in events:
        _event(ch, keys[0], id)
    held = [one.wait_held(within=2.0) for one in two]
    for one in two:
        if not one.alive:
            trial.result(one, circumstance=circumstance)
    if not all(held):
        starved = anomalies.find_starved(events[1:], events[:1], "event", ["one replica works, and the other one gets nothing"])
        raise Wrong(circumstance, anomalies=[starved], must_hold="two replicas of a service share its events", hint=1)
    for _ in two:
        ch.basic_publish("", "invoices", b"", pika.BasicProperties(message_id="closing"))
    for one in two:
        one.release()
    for one in two:
        trial.result(one, circumstance=circumstance)
    done = [id for id, _ in trial.world.mails()]
    broken = anomalies.find_anomalies(Ledger(accepted=events, found={"done": done, "the queue": _ids_in(ch, "invoices")}), "event")
    if broken:
        raise Wrong(circumstance, anomalies=broken, must_hold="each event is handled by one of the two replicas", hint=1)


# 22.2


class Unreachable(Exception):
    """What `handle` raises, once, where a check wants to see what becomes of the event."""


class _Misused(Exception):
    """`handle` was called with something else than kind and data."""


def catch_up_once(parameters, catch_up, service, world, calls=1, fails=None):
    """A service that comes back, on a connection of its own: [what each call returned, or "raised"]."""
    connection = pika.BlockingConnection(parameters)
    ch = connection.channel()
    left, answers = {fails}, []

    def handle(kind, data):
        if not isinstance(data, dict) or "id" not in data:
            raise _Misused(f"handle({kind!r}, {data!r})")
        if data["id"] in left:
            left.discard(data["id"])
            raise Unreachable(data["id"])
        world.mail(data["id"], as_text(kind))

    given(f"catch_up(ch, {service!r}, handle)")
    for _ in range(calls):
        try:
            answers.append(catch_up(ch, service, handle))
        except Unreachable:
            answers.append("raised")
        except _Misused as misuse:
            return str(misuse)
        # The check can hold the service here, its channel still open, to see what catch_up has left behind.
        with around("leave"):
            pass
    if connection.is_open:
        connection.close()
    return answers


def _service(trial, catch_up, service, name="first run", calls=1, fails=None, **options):
    arguments = (trial.amqp(), catch_up, service, trial.world, calls, fails)
    return trial.worker(catch_up_once, *arguments, name=name, **options)


def _wait_for(ch, trial, service, events):
    """A new experiment: these events wait in the service's queue. Somebody has put them there by hand, key and all."""
    trial.again()
    ch.queue_delete(service)
    ch.queue_declare(service, durable=True)
    for kind, id in events:
        _event(ch, kind, id, exchange="", key=service)


def _ids(events):
    return [id for _, id in events]


def _handled(trial):
    return [id for id, _ in trial.world.mails()]


def _answers(trial, worker, circumstance, within=3.0):
    answers = trial.result(worker, within=within, circumstance=circumstance)
    if isinstance(answers, str):
        raise Wrong(
            circumstance,
            f"your code called {answers}",
            must_hold="handle is called with the event's type, a text, and its data, a dict",
            hint=None,
        )
    return answers


def _expect_held(trial, worker, circumstance):
    """Wait until the service stands in its work; end the check when it never came so far."""
    if not worker.wait_held(within=3.0):
        _answers(trial, worker, circumstance, within=0.5)
        raise CannotTell("the service handled fewer events than there were, this time; run the check again")


def _law(trial, ch, service, events, circumstance, must_hold, hint=None, done=None, elsewhere=()):
    """Each event is done or waits, once."""
    done = _handled(trial) if done is None else done
    found = {"done": done, "the queue": _ids_in(ch, service), "a replica": list(elsewhere)}
    broken = anomalies.find_anomalies(Ledger(accepted=_ids(events), found=found), "event", trial.history.records())
    if broken:
        raise Wrong(
            circumstance,
            anomalies=broken,
            must_hold=must_hold,
            hint=hint or (1 if broken[0].name == "lost" else 2),
        )
    return found["the queue"]


AWAY = [
    ("partner.address_changed", "event 1"),
    ("order.placed", "event 2"),
    ("partner.address_changed", "event 3"),
    ("invoice.written", "event 4"),
    ("order.placed", "event 5"),
]
ONE_MORE = ("order.cancelled", "event 6")


@checks(
    "22.2",
    title="catch_up",
    budget=5,
    hints=[
        "At which moment may the broker forget an event: when it has sent it, when handle is called, or when handle has returned?",
        "The service dies, at whatever moment. How many events can be handled already and still unknown to the broker as done? "
        "One is the best there is.",
        "While it works, events come, and a replica takes some. What tells you that nothing waits, at the moment you leave? And "
        "what do you still hold when you have left?",
    ],
)
def check_catch_up(catch_up, trial):
    ch = channel(trial)
    _check_away(catch_up, trial, ch)
    _check_comes_meanwhile(catch_up, trial, ch)
    _check_replica_takes_the_rest(catch_up, trial, ch)
    _check_handle_raises(catch_up, trial, ch)
    _check_replica_between(catch_up, trial, ch)
    points = _check_killed(catch_up, trial, ch)
    _check_called_again(catch_up, trial, ch)
    return [
        "five events had waited: each was handled once, in their order, as what it is; an empty queue was left",
        "events that came meanwhile were handled, and what a replica took was left to it",
        "what handle raised came out, and that event and all after it were there for the next run, and on the same channel",
        f"killed at each of {points} points: the next run did what was left, and at most the one in hand again",
    ]


def _check_away(catch_up, trial, ch):
    service = "contracts"
    _wait_for(ch, trial, service, AWAY)
    worker = _service(trial, catch_up, service, calls=3, fault="hold before leave")
    circumstance = "five events had come while Contracts was away"
    free = True
    if worker.wait_held(within=3.0):
        # Nobody may take this one: the service has gone home, with its channel still open.
        _event(ch, *ONE_MORE, exchange="", key=service)
        free = trial.until(lambda: look(ch, service) == (1, 0), within=1.0)
        worker.release()
    elif worker.alive:
        raise Wrong(
            circumstance,
            f"stuck: catch_up had not returned after 3 s; handled were {_listed(_handled(trial))}",
            must_hold="catch_up returns when nothing waits",
            hint=3,
        )
    answers = _answers(trial, worker, circumstance)
    mails = trial.world.mails()
    changed = anomalies.find_changed({id: kind for kind, id in [*AWAY, ONE_MORE]}, dict(mails), "event")
    if changed:
        id, told = changed.ids[0], dict(mails)[changed.ids[0]]
        raise Wrong(
            circumstance,
            f"{id} is of the type {dict(map(reversed, [*AWAY, ONE_MORE]))[id]!r}, and handle was told {told!r}",
            must_hold="an event is what its type says, whichever way it came into the queue",
            hint=None,
        )
    _law(trial, ch, service, [*AWAY, ONE_MORE], circumstance, "each event that waits is handled once, and acknowledged then")
    done = _handled(trial)
    reordered = anomalies.find_reordered({service: done}, {service: _ids([*AWAY, ONE_MORE])}, "event")
    if reordered:
        raise Wrong(circumstance, anomalies=[reordered], must_hold="the oldest event is handled first", hint=None)
    if done != _ids([*AWAY, ONE_MORE]):
        raise Wrong(
            f"{circumstance}; {ONE_MORE[1]} came when it had gone home, and it came twice again",
            f"handled were {_listed(done)}",
            must_hold="catch_up leaves only when nothing waits",
            hint=3,
        )
    if not free:
        raise Wrong(
            f"{circumstance}; {ONE_MORE[1]} came when it had gone home",
            "the broker had handed it to the service's channel already, where nobody was reading: no replica could get it",
            must_hold="when catch_up has returned, it takes no event from anybody",
            hint=3,
        )
    if list(answers) != [5, 1, 0]:
        raise Wrong(
            f"{circumstance}; {ONE_MORE[1]} came when it had gone home, and it came twice again",
            f"the three calls handled 5, 1 and 0 events, and returned {', '.join(map(repr, answers))}",
            must_hold="catch_up returns how many events it has handled",
            hint=None,
        )


def _check_comes_meanwhile(catch_up, trial, ch):
    service, events = "fraudscore", AWAY[:3]
    _wait_for(ch, trial, service, events)
    worker = _service(trial, catch_up, service, fault="hold before mail 3")
    circumstance = f"three events had waited; while FraudScore handled the last of them, {ONE_MORE[1]} came"
    _expect_held(trial, worker, circumstance)
    _event(ch, *ONE_MORE, exchange="", key=service)
    worker.release()
    (answer,) = _answers(trial, worker, circumstance)
    events = [*events, ONE_MORE]
    waiting = _law(trial, ch, service, events, circumstance, "each event that waits is handled once")
    if waiting:
        raise Wrong(circumstance, f"{_listed(waiting)} still waits", must_hold="catch_up leaves only when nothing waits", hint=3)
    if answer != 4:
        raise Wrong(
            circumstance, f"it handled 4 events, and returned {answer!r}",
            must_hold="catch_up returns how many events it has handled", hint=None,
        )


def _check_replica_takes_the_rest(catch_up, trial, ch):
    service = "invoices"
    _wait_for(ch, trial, service, AWAY)
    worker = _service(trial, catch_up, service, fault="hold before mail 2")
    circumstance = "five events had waited; while Invoices handled the second, a replica took what was left"
    _expect_held(trial, worker, circumstance)
    _replica_takes(trial, ch, worker, service, circumstance)


def _check_replica_between(catch_up, trial, ch):
    """Whoever asks with basic_get stands right before it, for the third time: whatever it knows of the queue is old then."""
    service = "invoices"
    _wait_for(ch, trial, service, AWAY)
    worker = _service(trial, catch_up, service, fault="hold before basic.get 3")
    circumstance = "five events had waited; right before Invoices asked for its third, a replica took what was left"
    if worker.wait_held(within=3.0):
        _replica_takes(trial, ch, worker, service, circumstance)
    else:
        _answers(trial, worker, "five events had waited")


def _replica_takes(trial, ch, worker, service, circumstance):
    taken = _ids_in(ch, service)
    worker.release()
    (answer,) = _answers(trial, worker, circumstance)
    waiting = _law(trial, ch, service, AWAY, circumstance, "each event is handled once, by one of the two", elsewhere=taken)
    if waiting:
        raise Wrong(circumstance, f"{_listed(waiting)} still waits", must_hold="catch_up leaves only when nothing waits", hint=3)
    if answer != len(_handled(trial)):
        raise Wrong(
            circumstance, f"it handled {len(_handled(trial))} events, and returned {answer!r}",
            must_hold="catch_up returns how many events it has handled itself", hint=None,
        )


def _check_handle_raises(catch_up, trial, ch):
    service, events = "support", AWAY[:3]
    _wait_for(ch, trial, service, events)
    circumstance = "handle raised Unreachable at event 2, the first time"
    must_hold = "what handle raises comes out of catch_up, and that event and all after it wait for the next run"
    (first,) = _answers(trial, _service(trial, catch_up, service, fails="event 2"), circumstance)
    early = _handled(trial)
    trial.until(lambda: _waits(ch, service) >= len(events) - len(early), within=1.0)
    _answers(trial, _service(trial, catch_up, service, name="next run"), f"{circumstance}; it was run again")
    _law(trial, ch, service, events, f"{circumstance}; it was run again", must_hold)
    if first != "raised":
        raise Wrong(
            circumstance,
            f"catch_up returned {first!r} as if nothing had happened: whoever called it does not know",
            must_hold=must_hold,
            hint=None,
        )
    if early != ["event 1"] or _handled(trial) != _ids(events):
        raise Wrong(
            circumstance,
            f"before that handled was {_listed(early)}, and in the end {_listed(_handled(trial))}",
            must_hold=must_hold,
            hint=None,
        )


def _check_called_again(catch_up, trial, ch):
    """As `_check_handle_raises`, and the channel stays open: what it still held in its hand, nobody could get."""
    service, events = "support", AWAY[:3]
    _wait_for(ch, trial, service, events)
    circumstance = "handle raised Unreachable at event 2, the first time; catch_up was called again on the same channel"
    must_hold = "when handle has raised, that event and all after it are in the queue again, for the next call on whatever channel"
    answers = _answers(trial, _service(trial, catch_up, service, calls=2, fails="event 2"), circumstance)
    done = _handled(trial)
    trial.until(lambda: _waits(ch, service) >= len(events) - len(done), within=1.0)
    waiting = _law(trial, ch, service, events, circumstance, must_hold, hint=3)
    if waiting:
        raise Wrong(
            circumstance,
            f"handled were {_listed(done)}; {_listed(waiting)} could be got by nobody before that connection ended",
            must_hold=must_hold,
            hint=3,
        )
    if done != _ids(events) or answers != ["raised", 2]:
        raise Wrong(
            circumstance,
            f"handled were {_listed(done)}, and the second call returned {answers[-1]!r}",
            must_hold=must_hold,
            hint=3,
        )


def _check_killed(catch_up, trial, ch):
    """Kill the service at each point of its way; returns how many there were."""
    service, events = "contracts", AWAY[:2]
    _wait_for(ch, trial, service, events)
    _answers(trial, _service(trial, catch_up, service), "two events had waited")
    points = crash_points(trial.operations("first run", but=("leave",)))
    for point in points:
        _wait_for(ch, trial, service, events)
        outcome = trial.outcome(_service(trial, catch_up, service, fault=point))
        trial.expect_no_error(outcome)
        trial.expect_fault(outcome, point)
        early = _handled(trial)
        # All that is not acknowledged comes back at once, when the broker has noticed; one event may be in hand.
        acknowledged = sum(entry["phase"] == "end" and entry["what"] == "basic.ack" for entry in trial.history.records())
        trial.until(lambda: _waits(ch, service) >= len(events) - acknowledged, within=1.0)
        circumstance = f"the service was {outcome.fault}; it was run again"
        _answers(trial, _service(trial, catch_up, service, name="next run"), circumstance)
        done = _handled(trial)
        if early and done.count(early[-1]) == 2:
            done.remove(early[-1])  # handled, and nobody can know it: it is handled again
        must_hold = "what is not handled waits for the next run; of what is handled, at most the one in hand is handled again"
        waiting = _law(trial, ch, service, events, circumstance, must_hold, done=done)
        if waiting:
            raise Wrong(circumstance, f"{_listed(waiting)} still waits", must_hold="catch_up leaves only when nothing waits", hint=3)
    return len(points)
