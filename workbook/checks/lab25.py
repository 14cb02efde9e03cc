"""Lab 25: poison messages. How the answers to 25.1, 25.2 and 25.3 are judged.

25.1 and 25.2 by the one law (`workbook.anomalies`): in the end each order is done or parked, whoever was killed; and by how
often the work was tried, which the outside world counts. 25.3 by where the orders are after every crash point.

RabbitMQ's versions differ in what they count and note. What an answer must not rely on is played to it on every version
(see `_Portable`), so that a verdict does not depend on the one that happens to run.
"""

import os
import signal

import pika
from pika.exceptions import AMQPError

from workbook import anomalies
from workbook.anomalies import Ledger, as_text
from workbook.checks.messages import channel, empty_queue, ready
from workbook.exercises import checks
from workbook.faults import around, crash_points, given, no_steps
from workbook.verdicts import CannotTell, Wrong

BROKERS = ("rabbitmq",)

MOST = 40
"""Deliveries to one worker. A right answer needs a dozen; one that goes round for ever is stopped here."""

PARKED = "parked"


# What the checks share: queues


def _take_all(ch, name):
    """Take everything out of a queue: (order, properties) of each."""
    found = []
    while True:
        method, properties, body = ch.basic_get(name, auto_ack=True)
        if method is None:
            return found
        found.append((as_text(body), properties))


def _properties(order, **headers):
    return pika.BasicProperties(
        type="order.placed",
        message_id=f"id of {order}",
        correlation_id=f"story of {order}",
        content_type="text/plain",
        delivery_mode=2,
        headers={"causation_id": f"cause of {order}", **headers},
    )


def _put(ch, queue, *orders, bare=()):
    """Publish orders. Those in `bare` have no header at all, as the messages of some publishers."""
    for order in orders:
        properties = _properties(order)
        if order in bare:
            properties.headers = None
        ch.basic_publish("", queue, order.encode(), properties, mandatory=True)


def _dead_lettered(trial, ch, queue, *orders, times=1, **headers):
    """Put orders into `queue` as the broker does it that has dead-lettered each of them, so many times, in another queue."""
    at_first = ready(ch, queue)
    ch.exchange_declare("elsewhere", "fanout", durable=True)
    empty_queue(ch, "elsewhere", x_dead_letter_exchange="elsewhere")
    empty_queue(ch, "between", x_message_ttl=0, x_dead_letter_exchange="", x_dead_letter_routing_key="elsewhere")
    for order in orders:
        ch.basic_publish("", "elsewhere", order.encode(), _properties(order, **headers), mandatory=True)
    for onward, place, rounds in (("between", "elsewhere", times - 1), (queue, queue, 1)):
        ch.queue_bind(onward, "elsewhere")
        for _ in range(rounds):
            _reject(ch, "elsewhere", len(orders))
            # The broker dead-letters in its own time: the binding stays until the messages have passed.
            if not trial.until(lambda: ready(ch, place) == len(orders) + (at_first if place == queue else 0)):
                raise CannotTell(f"what the broker was to dead-letter did not arrive in {queue} in time; run the check again")
        ch.queue_unbind(onward, "elsewhere")


def _reject(ch, name, count):
    for _ in range(count):
        method, _, _ = ch.basic_get(name)
        ch.basic_reject(method.delivery_tag, requeue=False)


def _listed(orders):
    return ", ".join(orders) or "none"


def _number(value):
    """pika gives some numbers as a type of its own, which shows as 2L."""
    return int(value) if isinstance(value, int) else value


def _times(count):
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


# What the checks share: a service that handles deliveries


class Unreadable(Exception):
    """What `work` raises for an order that it cannot do."""


class _Portable:
    """A channel and its deliveries, as no version of RabbitMQ contradicts them.

    - The first delivery from a quorum queue has the header x-delivery-count 0 on some versions, and not on others: `got`
      shows both, in turn.
    - x-death in what a client publishes is counted on by old versions (3.10), and ignored by new ones (4.0): it is taken off.
    - What a client gives back with basic.nack is counted as an attempt by versions before 4.3, and not since: `nacked`.
    """

    def __init__(self, ch):
        self.nacked, self.published = False, []
        self._first = 0
        self._publish, self._nack = ch.basic_publish, ch.basic_nack
        ch.basic_publish, ch.basic_nack = self._publishing, self._nacking

    def _publishing(self, exchange, routing_key, body, properties=None, mandatory=False):
        headers = dict(getattr(properties, "headers", None) or {})
        self.published.append(sorted(headers))
        if "x-death" in headers:
            sent = pika.BasicProperties(**vars(properties))
            sent.headers = {name: value for name, value in headers.items() if name != "x-death"}
            properties = sent
        return self._publish(exchange, routing_key, body, properties, mandatory)

    def _nacking(self, delivery_tag=0, multiple=False, requeue=True):
        self.nacked = self.nacked or requeue
        return self._nack(delivery_tag, multiple, requeue)

    def got(self, got):
        method, properties, body = got
        headers = properties.headers or {}
        if headers.get("x-delivery-count", 0) == 0:
            self._first += 1
            headers.pop("x-delivery-count", None)
            if self._first % 2 == 0:
                headers["x-delivery-count"] = 0
            properties.headers = headers or None
        return method, properties, body


def serve(parameters, make, queue, plan, world, most=MOST, marker=None):
    """Handle what waits in `queue` until nothing does; at most `most` deliveries. Returns (how it ended, nacked).

    marker: a queue into which a message is put right before the first failure, so that it waits a little longer than the order.

    make: gives, for a channel in confirm mode, the function that handles a delivery. plan: what the work on an order does:
    "raises", "dies" (with its process), or the number of times that it raises before it goes well; 0 where it is not named.
    """
    connection = pika.BlockingConnection(parameters)
    ch = connection.channel()
    ch.confirm_delivery()
    portable = _Portable(ch)
    handle, ended = make(ch), "stopped"
    markers = [marker] if marker else []

    def work(body):
        order = as_text(body)
        what = plan.get(order, 0)
        # A fault after an operation fires where it ends well, so the work ends before its exception is raised.
        with around("work", id=order), no_steps("mail"):
            world.mail("tried", order)
            tried = sum(mail == ("tried", order) for mail in world.mails())
            if what == "dies":
                os.kill(os.getpid(), signal.SIGKILL)
            fails = what == "raises" or tried <= what
            if not fails:
                world.mail("done", order)
        if fails:
            if markers:
                aside = connection.channel()
                aside.confirm_delivery()
                aside.basic_publish("", markers.pop(), b"the early marker", mandatory=True)
            raise Unreadable(f"{order} has no customer")

    for _ in range(most):
        try:
            got = ch.basic_get(queue)
            if got[0] is None:
                ended = "empty"
                break
            with no_steps("mail"):
                world.mail("delivered", as_text(got[2]))
            handle(portable.got(got), work)
        except AMQPError as error:
            # What pika raises may come out: a program at work would end here, and be started again.
            ended = f"raised {type(error).__name__}"
            break
    # In order, so that whatever is not acknowledged is back in the queue when this worker has ended.
    if connection.is_open:
        connection.close()
    return ended, portable.nacked


def _crash_points(trial, who):
    """Where a consumer can die that has something: from its first delivery on, and before it asks in vain for another."""
    operations = trial.operations(who)
    while operations and operations[-1] == "basic.get":
        operations.pop()
    return crash_points(operations)[1:]


def _seen(trial, what):
    """The orders that were "delivered", "tried" or "done", in order, each as often as it was."""
    return [order for recipient, order in trial.world.mails() if recipient == what]


def _check_parked(parked, circumstance, attempts, reason=()):
    """What is in the parking queue says why and after how many attempts, and is otherwise what it was."""
    for order, properties in parked:
        headers = properties.headers or {}
        told = headers.get("reason")
        if not isinstance(told, str) or not told.strip() or not all(part in told for part in reason):
            raise Wrong(
                circumstance,
                f"{order} is parked with the header reason {told!r}",
                must_hold="the header reason has the class and the message of what work raised"
                if reason
                else "the header reason says in a text why it was parked",
                hint=3,
            )
        if attempts is not None and headers.get("attempts") != attempts:
            raise Wrong(
                circumstance,
                f"{order} is parked with the header attempts {_number(headers.get('attempts'))!r}; "
                f"it was {_times(attempts)} tried",
                must_hold="the header attempts says how many deliveries ended badly",
                hint=3,
            )
        _check_same(order, properties, circumstance, "what is parked is the message as it came, with two headers more")


def _check_same(order, properties, circumstance, must_hold):
    wanted, headers = _properties(order), properties.headers or {}
    seen = {name: getattr(properties, name) for name in ("message_id", "correlation_id", "type", "delivery_mode")}
    seen["header causation_id"] = headers.get("causation_id")
    want = {name: getattr(wanted, name, None) for name in seen}
    want["header causation_id"] = wanted.headers["causation_id"]
    for name, value in want.items():
        if seen[name] != value:
            raise Wrong(
                circumstance, f"{order} had {name} {value!r}, and now has {seen[name]!r}", must_hold=must_hold, hint=3
            )
    added = sorted(name for name in headers if name not in {*wanted.headers, "reason", "attempts"} and not name.startswith("x-"))
    if added:
        raise Wrong(circumstance, f"{order} has a header that it did not have when it came: {_listed(added)}",
                    must_hold=must_hold, hint=3)


def _check_found(trial, circumstance, orders, done, parked, waiting, again=(), hint=1):
    """The law: each order is done, parked or waiting, once; an order in `again` may be there twice: its consumer was killed."""
    in_parking = [order for order, _ in parked]
    done, waiting = list(done), list(waiting)
    for order in again:
        places = (waiting, in_parking, done)
        if sum(place.count(order) for place in places) > 1:
            next(place for place in places if order in place).remove(order)
    broken = anomalies.find_anomalies(
        Ledger(accepted=orders, found={"done": done, PARKED: in_parking, "the queue again": waiting}),
        "message",
        trial.history.records(),
    )
    if broken:
        raise Wrong(
            circumstance,
            anomalies=broken,
            must_hold="in the end each message is either done or parked, and none is nowhere",
            hint=hint if broken[0].name != "lost" else 2,
        )


# 25.1


def _trying(answer, limit):
    def make(ch):
        def handle(got, work):
            given(f"try_or_park(ch, got, work, {limit}) with {got[2]!r}")
            answer(ch, got, work, limit)

        return handle

    return make


def _invoices(ch, *orders, bare=()):
    """The queue that the exercise is about, empty. The broker's own limit is out of the way, in every version."""
    ch.queue_declare("invoices", durable=True, arguments={"x-queue-type": "quorum", "x-delivery-limit": 200})
    ch.queue_declare(PARKED, durable=True)
    for name in ("invoices", PARKED):
        ch.queue_purge(name)
    _put(ch, "invoices", *orders, bare=bare)


@checks(
    "25.1",
    title="try_or_park",
    budget=5,
    hints=[
        "Who can count the deliveries of a message whose consumer may be dead before it can note anything? Where does it say so?",
        "At each moment somebody must have the message. Who has it between your two steps, in the order in which you take them?",
        "A delivery ends in one of four ways: done, failed with attempts left, failed for the last time, or it arrives with none "
        "left. What happens to the message in each, and what do the two headers say?",
    ],
)
def check_try_or_park(try_or_park, trial):
    ch = channel(trial)
    _check_poison(try_or_park, trial, ch)
    _check_killers(try_or_park, trial, ch)
    _check_lowered(try_or_park, trial, ch)
    _check_25_1_killed(try_or_park, trial, ch)
    _check_no_parking(try_or_park, trial, ch)
    return [
        "of five orders one could not be done: parked after 3 deliveries, with reason and attempts; its neighbours were done",
        "an order that kills its consumer was parked after 2 deliveries, by a consumer that did not touch it",
        "an order that had come back more often than the limit says was parked, and not touched",
        "killed at every step: nothing lost, and at most the message in hand was there twice",
        "without a parking queue the order stayed where it was",
    ]


def _check_poison(answer, trial, ch):
    orders, limit = [f"order {n}" for n in range(1, 6)], 3
    trial.again()
    # The first delivery of order 1 shows no count (_Portable), and so no header at all.
    _invoices(ch, *orders, bare=orders[:1])
    circumstance = f"{len(orders)} orders; the work on order 2 always raises, that on order 4 once; limit {limit}"
    worker = trial.worker(serve, trial.amqp(), _trying(answer, limit), "invoices", {"order 2": "raises", "order 4": 1},
                          trial.world, name="consumer 1")
    ended, nacked = trial.result(worker, circumstance=circumstance)
    if ended.startswith("raised"):
        raise Wrong(circumstance, f"the consumer's channel was closed: {ended}",
                    must_hold="each delivery is acknowledged, given back or parked, and that once", hint=3)
    delivered, tried, done = _seen(trial, "delivered"), _seen(trial, "tried"), _seen(trial, "done")
    _check_rounds(circumstance, orders, delivered, limit)
    parked = _take_all(ch, PARKED)
    waiting = [order for order, _ in _take_all(ch, "invoices")]
    _check_found(trial, circumstance, orders, done, parked, waiting, hint=3)
    _check_tries(circumstance, {"order 2": limit, "order 4": 2}, tried)
    if [order for order, _ in parked] != ["order 2"]:
        raise Wrong(circumstance, f"parked is {_listed([order for order, _ in parked])}",
                    must_hold="what cannot be done is parked, and all else is done", hint=3)
    if nacked:
        raise Wrong(circumstance, "gave a message back with basic_nack, which RabbitMQ counts as an attempt only before 4.3",
                    must_hold="what goes back is counted, on every version: basic_reject", hint=1)
    _check_parked(parked, circumstance, limit, ("Unreadable", "order 2 has no customer"))


def _check_rounds(circumstance, orders, delivered, limit):
    """Nobody is delivered for ever, at the cost of those behind it."""
    round_and_round = [order for order in dict.fromkeys(delivered) if delivered.count(order) > limit + 1]
    if not round_and_round:
        return
    starved = anomalies.find_starved([order for order in orders if order not in delivered], delivered, "message",
                                     why=[f"{round_and_round[0]} was delivered {delivered.count(round_and_round[0])} times "
                                          "meanwhile, and still came back"])
    raise Wrong(
        circumstance,
        *([] if starved else [f"{round_and_round[0]} was delivered {delivered.count(round_and_round[0])} times, "
                              "and still came back"]),
        anomalies=[starved] if starved else [],
        must_hold="a message is delivered as often as the limit says, and then parked",
        hint=1,
    )


def _check_tries(circumstance, wanted, tried):
    for order, times in wanted.items():
        if tried.count(order) != times:
            raise Wrong(
                circumstance,
                f"the work on {order} was tried {_times(tried.count(order))}, and should have been {_times(times)}",
                must_hold="what fails is tried again, as often as the limit says, and no more",
                hint=1 if tried.count(order) > times else 3,
            )


def _check_killers(answer, trial, ch):
    """Order 6 takes its consumer with it. The next consumer is a new process, which remembers nothing."""
    orders, limit = ["order 6", "order 7"], 2
    trial.again()
    _invoices(ch, *orders)
    circumstance = f"the work on order 6 kills its consumer, each time; limit {limit}"
    for _ in range(limit + 1):
        worker = trial.worker(serve, trial.amqp(), _trying(answer, limit), "invoices", {"order 6": "dies"}, trial.world)
        outcome = trial.outcome(worker)
        trial.expect_no_error(outcome, circumstance)
        if outcome.kind != "killed":
            break
        # The broker notices the broken connection by itself.
        trial.until(lambda: _settled(trial, ch, "invoices", orders), within=2.0)
    tried = _seen(trial, "tried")
    if "order 6" not in tried and not ready(ch, PARKED):
        raise CannotTell("the work on order 6 was never called, so no consumer died of it")
    if tried.count("order 6") > limit:
        starved = anomalies.find_starved([o for o in orders if o not in _seen(trial, "done")], tried, "message",
                                         why=[f"order 6 has killed {tried.count('order 6')} consumers meanwhile"])
        raise Wrong(circumstance, anomalies=[starved] if starved else [],
                    must_hold="what kills its consumer is parked too, when it has had its attempts", hint=1)
    parked = _take_all(ch, PARKED)
    waiting = [order for order, _ in _take_all(ch, "invoices")]
    _check_found(trial, circumstance, orders, _seen(trial, "done"), parked, waiting)
    _check_tries(circumstance, {"order 6": limit}, tried)
    if waiting:
        raise Wrong(circumstance, f"in the queue again: {_listed(waiting)}",
                    must_hold="what arrives with no attempts left is parked", hint=3)
    _check_parked(parked, circumstance, limit)


def _check_lowered(answer, trial, ch):
    """Order 8 has come back three times; then a version of the service is rolled out that has a lower limit."""
    trial.again()
    _invoices(ch, "order 8")
    for n in range(3):
        if not trial.until(lambda: ready(ch, "invoices") == 1):
            raise CannotTell("the order that the check gave back did not return to its queue in time; run the check again")
        ch.basic_reject(ch.basic_get("invoices")[0].delivery_tag, requeue=True)
    circumstance = "order 8 had 3 deliveries that failed, with a limit of 5; now the limit is lowered to 2, and its work raises"
    trial.until(lambda: ready(ch, "invoices") == 1)
    worker = trial.worker(serve, trial.amqp(), _trying(answer, 2), "invoices", {"order 8": "raises"}, trial.world,
                          name="consumer 1")
    trial.result(worker, circumstance=circumstance)
    _check_rounds(circumstance, ["order 8"], _seen(trial, "delivered"), 2)
    _check_tries(circumstance, {"order 8": 0}, _seen(trial, "tried"))
    parked = _take_all(ch, PARKED)
    waiting = [order for order, _ in _take_all(ch, "invoices")]
    _check_found(trial, circumstance, ["order 8"], _seen(trial, "done"), parked, waiting)
    if waiting:
        raise Wrong(circumstance, "order 8 is in the queue again",
                    must_hold="what arrives with no attempts left is parked", hint=3)
    _check_parked(parked, circumstance, 3)


def _settled(trial, ch, queue, orders):
    """Whether all orders that nobody has done or parked wait in the queue."""
    gone = {*_seen(trial, "done")}
    return ready(ch, queue) + ready(ch, PARKED) >= len(set(orders) - gone)


def _check_25_1_killed(answer, trial, ch):
    orders, limit = ["order 2"], 2
    plan = {"order 2": "raises"}

    def start(name, **options):
        return trial.worker(serve, trial.amqp(), _trying(answer, limit), "invoices", plan, trial.world, name=name, **options)

    trial.again()
    _invoices(ch, *orders)
    trial.outcome(start("consumer 1"))
    for point in _crash_points(trial, "consumer 1"):
        trial.again()
        _invoices(ch, *orders)
        outcome = trial.outcome(start("consumer 1", fault=point))
        trial.expect_fault(outcome, point)
        circumstance = f"consumer 1 was {outcome.fault}; the work on order 2 always raises; limit {limit}"
        trial.until(lambda: _settled(trial, ch, "invoices", orders), within=1.0)
        trial.result(start("consumer 2"), circumstance=f"{circumstance}; a second consumer took over")
        parked = _take_all(ch, PARKED)
        waiting = [order for order, _ in _take_all(ch, "invoices")]
        _check_found(trial, f"{circumstance}; a second consumer took over", orders, _seen(trial, "done"), parked, waiting,
                     again=orders)


def _check_no_parking(answer, trial, ch):
    trial.again()
    _invoices(ch, "order 2")
    ch.queue_delete(PARKED)
    circumstance = "there is no parking queue; the work on order 2 always raises; limit 1"
    worker = trial.worker(serve, trial.amqp(), _trying(answer, 1), "invoices", {"order 2": "raises"}, trial.world, 3,
                          name="consumer 1")
    outcome = trial.outcome(worker)
    trial.expect_no_error(outcome, circumstance)
    back = trial.until(lambda: ready(ch, "invoices") == 1, within=1.0)
    waiting = ["order 2"] if back else []
    _check_found(trial, circumstance, ["order 2"], [], [], waiting)


# 25.2


def _retrying(answer, queue, delay, limit):
    def make(ch):
        retries = answer(queue, delay, limit)
        given(f"Retries({queue!r}, {delay}, {limit}).declare(ch)")
        retries.declare(ch)

        def handle(got, work):
            given(f"Retries({queue!r}, {delay}, {limit}).handle(ch, got, work) with {got[2]!r}")
            retries.handle(ch, got, work)

        return handle

    return make


LONG = 60_000
SHORT = 50
"""Milliseconds. Nothing is judged by how long it took: after a long delay a message cannot be back, after a short one it must."""


@checks(
    "25.2",
    title="Retries",
    budget=8,
    hints=[
        "A message that waits is in some queue. Which queue has no consumer, a time after which it lets go, and a place where it "
        "sends what it lets go?",
        "At each moment somebody must have the message. Which single step of yours moves it from the work queue to where it waits?",
        "Who has counted how often this queue's messages were rejected? Which of the entries is about your queue, and which "
        "are about others?",
    ],
)
def check_retries(retries, trial):
    ch = channel(trial)
    _check_delay(retries, trial, ch)
    _check_bounded(retries, trial, ch)
    _check_between_markers(retries, trial, ch)
    _check_25_2_killed(retries, trial, ch)
    return [
        "with a delay of a minute the consumer went on at once, and the neighbours were done",
        "with a short delay what failed came back, to a new consumer each time; after 4 attempts it was parked, one that had been",
        "dead-lettered elsewhere before as well; beside it another queue's message waited for its minute",
        "what failed for the first and for the second time came back after what waits 3/4 of the delay, before what waits 3/2",
        "killed at every step: nothing lost, and at most the message in hand was there twice",
    ]


def _check_delay(answer, trial, ch):
    """A minute's delay: the consumer must not spend it, and the message must not be back."""
    empty_queue(ch, PARKED)
    orders = [f"order {n}" for n in range(1, 5)]
    circumstance = "the work on order 1 raises; a delay of a minute; limit 3"
    make = _retrying(answer, "invoices", LONG, 3)
    _run(trial, trial.worker(serve, trial.amqp(), make, "invoices", {}, trial.world, 0, name="consumer 0"), circumstance)
    _check_declared(trial, "invoices")
    _put(ch, "invoices", *orders, bare=orders[2:3])
    worker = trial.worker(serve, trial.amqp(), make, "invoices", {"order 1": "raises"}, trial.world, name="consumer 1")
    outcome = trial.outcome(worker)
    trial.expect_no_error(outcome, circumstance)
    if outcome.kind == "overran":
        raise Wrong(
            circumstance,
            f"after 3 s consumer 1 was still at it; done: {_listed(_seen(trial, 'done'))}",
            must_hold="handle does not wait: the message does, and the consumer goes on",
            hint=1,
        )
    _ended_well(outcome, circumstance)
    tried = _seen(trial, "tried")
    if tried.count("order 1") != 1:
        raise Wrong(circumstance, f"the work on order 1 was tried {_times(tried.count('order 1'))} within a moment",
                    must_hold="what has failed comes back when its delay is over, and not before", hint=1)
    # What a dead channel held is back by now, in front of this one.
    _put(ch, "invoices", "order 5")
    waiting = [order for order, _ in _take_all(ch, "invoices") if order != "order 5"]
    parked = [order for order, _ in _take_all(ch, PARKED)]
    if "order 1" in waiting:
        raise Wrong(circumstance, "consumer 1 has ended, and order 1 is in the work queue again already",
                    must_hold="what has failed comes back when its delay is over, and not before", hint=1)
    if parked:
        raise Wrong(circumstance, f"{_listed(parked)} is parked after one attempt",
                    must_hold="what fails is tried again, as often as the limit says", hint=3)
    _check_found(trial, circumstance, orders[1:], _seen(trial, "done"), [], waiting, hint=3)
    # Another consumer starts, and declares what is there already.
    _run(trial, trial.worker(serve, trial.amqp(), make, "invoices", {}, trial.world, name="consumer 2"), circumstance)
    if not trial.until(lambda: sum(ready(ch, name) for name in _queues(trial)) == 1, within=2.0):
        lost = anomalies.find_lost(Ledger(accepted=["order 1"], found={"done": _seen(trial, "done")[len(orders):]}), "message")
        raise Wrong(f"{circumstance}; consumer 1 has ended, another has started", anomalies=[lost] if lost else [],
                    must_hold="what has failed waits in a queue, whoever comes and goes", hint=2)


def _queues(trial):
    """The names of all queues that there are."""
    return [entry["name"] for entry in trial.manage("GET", "queues/{vhost}?columns=name")]


def _check_declared(trial, queue):
    """The answer's declare has declared its work queue, and nothing that a restart of the broker takes away."""
    try:
        ready(trial.connect().channel(), queue)
    except AMQPError:
        raise Wrong(f"declare has returned, and there is no queue {queue!r}",
                    must_hold="declare declares the work queue, durable, and what else it takes", hint=1) from None
    passing = [entry["name"] for entry in trial.manage("GET", "queues/{vhost}") if not entry["durable"]]
    if passing:
        raise Wrong(f"declare has returned, and the queue {passing[0]!r} is not durable",
                    must_hold="messages wait where they survive a restart of the broker", hint=1)


def _run(trial, worker, circumstance):
    outcome = trial.outcome(worker)
    trial.expect_no_error(outcome, circumstance)
    if outcome.kind == "overran":
        raise Wrong(circumstance, f"{worker.name} had not returned after 3 s", must_hold="declare and handle return", hint=None)
    _ended_well(outcome, circumstance)


def _ended_well(outcome, circumstance):
    if outcome.kind == "returned" and outcome.value[0].startswith("raised"):
        raise Wrong(circumstance, f"its channel was closed: {outcome.value[0]}",
                    must_hold="each delivery is acknowledged, given back or parked, and that once", hint=None)


def _rounds(trial, ch, answer, queue, limit, plan, orders, circumstance, first=1):
    """Have one new consumer after another handle what has come back, until each order is done or parked."""
    make = _retrying(answer, queue, SHORT, limit)
    for n in range(first, first + limit + 3):
        _run(trial, trial.worker(serve, trial.amqp(), make, queue, plan, trial.world, name=f"consumer {n}"), circumstance)
        pending = set(orders) - set(_seen(trial, "done"))

        def over():
            return ready(ch, PARKED) >= len(pending) or ready(ch, queue) + ready(ch, PARKED) >= len(pending)

        if not trial.until(over, within=3.0) or ready(ch, PARKED) >= len(pending):
            return


def _check_bounded(answer, trial, ch):
    orders, limit = [f"order {n}" for n in range(11, 15)], 4
    trial.again()
    empty_queue(ch, PARKED)
    plan = {"order 11": "raises", "order 12": 2, "order 14": "raises"}
    circumstance = f"the work on orders 11 and 14 always raises, that on order 12 twice; a delay of {SHORT} ms; limit {limit}"
    make = _retrying(answer, "mail", SHORT, limit)
    _run(trial, trial.worker(serve, trial.amqp(), make, "mail", {}, trial.world, 0, name="consumer 0"), circumstance)
    _put(ch, "mail", *orders[:3])
    _dead_lettered(trial, ch, "mail", orders[3], times=limit)
    _rounds(trial, ch, answer, "mail", limit, plan, orders, circumstance)
    tried = _seen(trial, "tried")
    too_often = [order for order in plan if tried.count(order) > limit]
    if too_often:
        raise Wrong(
            circumstance,
            f"the work on {too_often[0]} was tried {_times(tried.count(too_often[0]))}, and there was no end in sight",
            must_hold="each attempt is counted where a new consumer finds it, and after the last one the message is parked",
            hint=3,
        )
    parked = _take_all(ch, PARKED)
    waiting = [order for order, _ in _take_all(ch, "mail")]
    _check_kept_waiting(trial, circumstance, ch, set(orders) - set(_seen(trial, "done")) - {o for o, _ in parked} - set(waiting))
    _check_found(trial, circumstance, orders, _seen(trial, "done"), parked, waiting, hint=3)
    at_last = {"order 11": limit, "order 12": 3, "order 14": limit}
    for order, times in at_last.items():
        if tried.count(order) != times:
            why = f"; it had been dead-lettered {_times(limit)} in another queue, before it came here" if order == "order 14" else ""
            raise Wrong(circumstance, f"the work on {order} was tried {_times(tried.count(order))}, and should have been "
                        f"{_times(times)}{why}", must_hold="an attempt is one call of work in this queue, and nothing else is",
                        hint=3)
    _check_parked(parked, circumstance, limit, ("Unreadable", "has no customer"))


def _check_kept_waiting(trial, circumstance, ch, missing):
    """What neither is done nor parked nor back may be waiting still, in a queue of the answer's: then it is not lost."""
    if not missing:
        return
    # Only counted: who takes the first message out of a queue sets those behind it free. Order 1 is in one of them too.
    waiting = {name: ready(ch, name) for name in _queues(trial)}
    if sum(waiting.values()) == len(missing) + 1:
        name = max(waiting, key=waiting.get)
        raise Wrong(circumstance, f"3 s later {_listed(sorted(missing))} is in the queue {name}, and nobody brings it back",
                    must_hold="what has failed comes back to its own work queue when its delay is over", hint=1)


def _check_between_markers(answer, trial, ch):
    """When a message comes back, told by the broker: by the order in which it and two markers arrive in the work queue.

    The early marker begins to wait right before work raises, for 3/4 of the delay; the late one when the consumer has ended,
    for 3/2 of it. So a slow machine moves a right answer away from either, never across it.
    """
    delay, orders = 320, ["order 31", "order 32"]
    trial.again()
    plan = dict.fromkeys(orders, "raises")
    circumstance = (f"order 31 fails for the second time, order 32 for the first; a delay of {delay} ms; beside them wait a marker "
                    "for 3/4 of that, and one for 3/2")
    make = _retrying(answer, "partners", delay, 4)

    def run(name, *more):
        _run(trial, trial.worker(serve, trial.amqp(), make, "partners", plan, trial.world, *more, name=name), circumstance)

    run("consumer 0")
    for name, milliseconds in (("early", delay * 3 // 4), ("late", delay * 3 // 2)):
        empty_queue(ch, name, x_message_ttl=milliseconds, x_dead_letter_exchange="", x_dead_letter_routing_key="partners")
    _put(ch, "partners", orders[0])
    run("consumer 1")
    if not trial.until(lambda: ready(ch, "partners") == 1, within=2.0):
        raise Wrong(circumstance, f"2 s after its first failure, with a delay of {delay} ms, order 31 is not back",
                    must_hold=_AFTER_THE_DELAY, hint=1)
    _put(ch, "partners", orders[1])
    run("consumer 2", 2, "early")
    ch.basic_publish("", "late", b"the late marker", mandatory=True)
    trial.until(lambda: ready(ch, "partners") == 4, within=1.5)
    arrived = [order for order, _ in _take_all(ch, "partners")]
    for name in ("early", "late"):
        ch.queue_delete(name)
    if not {"the early marker", "the late marker"} <= set(arrived):
        raise CannotTell("a marker of the check's did not arrive in the work queue in time; run the check again")
    if set(arrived[1:3]) != set(orders) or arrived[0] != "the early marker":
        missing = [order for order in orders if order not in arrived]
        raise Wrong(circumstance, f"came back in this order: {_listed(arrived)}"
                    + (f"; not back by then: {_listed(missing)}" if missing else ""), must_hold=_AFTER_THE_DELAY, hint=1)


_AFTER_THE_DELAY = "each failed message comes back when the delay is over, not before and not much later, however often it has failed"


def _check_25_2_killed(answer, trial, ch):
    """At each step of an attempt that is to be repeated (limit 2), and of one that is the last (limit 1)."""
    plan = {"order 21": "raises"}
    orders = ["order 21"]
    for limit, queue in ((2, "contracts"), (1, "support")):
        make = _retrying(answer, queue, SHORT, limit)

        def start(name, **options):
            return trial.worker(serve, trial.amqp(), make, queue, plan, trial.world, 2, name=name, **options)

        def begin():
            trial.again()
            # A copy that a killed consumer has left waiting belongs to no later experiment; it can come back meanwhile.
            for name in names * 2:
                ch.queue_purge(name)
            _put(ch, queue, *orders)

        trial.again()
        _run(trial, start("consumer 0"), f"the services of other queues run; that of {queue} starts, and calls declare")
        trial.until(lambda: queue in _queues(trial))
        names = [name for name in _queues(trial) if name not in ("invoices", "mail")]
        begin()
        trial.outcome(start("consumer 1"))
        points = _crash_points(trial, "consumer 1")
        _rounds(trial, ch, answer, queue, limit, plan, orders, "the work on order 21 always raises", first=2)
        for point in points:
            begin()
            outcome = trial.outcome(start("consumer 1", fault=point))
            trial.expect_fault(outcome, point)
            circumstance = f"consumer 1 was {outcome.fault}; the work on order 21 always raises; limit {limit}"
            trial.until(lambda: _settled(trial, ch, queue, orders), within=0.5)
            _rounds(trial, ch, answer, queue, limit, plan, orders, circumstance, first=2)
            parked = _take_all(ch, PARKED)
            waiting = [order for order, _ in _take_all(ch, queue)]
            _check_found(trial, f"{circumstance}; others took over", orders, _seen(trial, "done"), parked, waiting, again=orders)


# 25.3


def redrive_once(parameters, redrive, parked, queue):
    """Redrive on a connection of its own: (how it ended, what it returned, the names of the headers it published)."""
    connection = pika.BlockingConnection(parameters)
    ch = connection.channel()
    ch.confirm_delivery()
    portable = _Portable(ch)
    given(f"redrive(ch, {parked!r}, {queue!r})")
    try:
        value, ended = redrive(ch, parked, queue), "returned"
    except AMQPError as error:
        value, ended = None, f"raised {type(error).__name__}"
    # A check can hold the worker here, its channel still open, to see what redrive has left behind.
    with around("leave"):
        pass
    if connection.is_open:
        connection.close()
    return ended, value, portable.published


@checks(
    "25.3",
    title="redrive",
    budget=6,
    hints=[
        "At each moment somebody must have the message. What do you know when the publish has returned, and what not before?",
        "The fix may not be one: what you have moved can be parked again while you still run. Which messages are yours to move?",
        "Compare the message that you publish with the one that was parked: what must be the same, so that a copy is recognised, "
        "and what would make its next failure its last?",
    ],
)
def check_redrive(redrive, trial):
    ch = channel(trial)
    told = _check_moved(redrive, trial, ch)
    _check_25_3_killed(redrive, trial, ch)
    _check_marks(*told)
    _check_parked_again(redrive, trial, ch)
    _check_taken_by_another(redrive, trial, ch)
    _check_not_taken(redrive, trial, ch, "the queue has room for one more", {"x_max_length": 1, "x_overflow": "reject-publish"})
    _check_not_taken(redrive, trial, ch, "there is no such queue", None)
    return [
        "four orders moved, in their order, each the same message as before, without the marks of its failures",
        "killed at every step, and run again: nothing lost, at most one order twice, both copies with one message id",
        "what was parked while it ran stayed parked; what somebody else took away meanwhile was not counted",
        "a full queue, and one that is not there: told, and the orders stayed parked",
    ]


def _fill_parking(trial, ch, orders, parked=PARKED):
    trial.again()
    empty_queue(ch, parked)
    _dead_lettered(trial, ch, parked, *orders, reason="Unreadable('no customer')", attempts=3)


def _redriving(trial, redrive, queue, name="redrive 1", parked=PARKED, **options):
    return trial.worker(redrive_once, trial.amqp(), redrive, parked, queue, name=name, **options)


def _check_moved(redrive, trial, ch):
    orders, parked_in = [f"order {n}" for n in (4, 2, 9, 7)], "mail.parked"
    empty_queue(ch, "mail")
    _fill_parking(trial, ch, orders, parked_in)
    circumstance = f"{len(orders)} orders are parked"
    ended, value, published = trial.result(_redriving(trial, redrive, "mail", parked=parked_in), circumstance=circumstance)
    moved = _take_all(ch, "mail")
    left = [order for order, _ in _take_all(ch, parked_in)]
    if ended != "returned":
        raise Wrong(circumstance, f"redrive {ended}", must_hold="redrive returns how many it has moved", hint=None)
    broken = anomalies.find_anomalies(
        Ledger(accepted=orders, found={"the queue": [order for order, _ in moved], "the parking queue still": left}), "message",
        trial.history.records(),
    )
    if broken:
        raise Wrong(circumstance, anomalies=broken, must_hold="what has been moved is in the queue, and no longer parked", hint=1)
    if left or value != len(orders):
        raise Wrong(circumstance, f"redrive returned {value!r}; still parked: {_listed(left)}",
                    must_hold="redrive moves all that is parked, and returns how many it has moved", hint=2)
    reordered = anomalies.find_reordered({"mail": [order for order, _ in moved]}, {"mail": orders}, "message")
    if reordered:
        raise Wrong(circumstance, anomalies=[reordered], must_hold="what was parked first is moved first", hint=None)
    return circumstance, moved, published


def _check_marks(circumstance, moved, published):
    for order, properties in moved:
        _check_same(order, properties, circumstance, "what is moved is the message as it was parked, without the marks")
    marks = sorted({name for names in published for name in names} & {"reason", "attempts", "x-death"})
    if marks:
        raise Wrong(
            circumstance,
            f"the messages were published with the marks of their failures: {_listed(marks)}",
            must_hold="a message that is moved has all its attempts before it again: no reason, no attempts, no x-death",
            hint=3,
        )


def _check_25_3_killed(redrive, trial, ch):
    orders = ["order 1", "order 2", "order 3"]
    empty_queue(ch, "invoices")
    _fill_parking(trial, ch, orders)
    trial.result(_redriving(trial, redrive, "invoices"))
    operations = trial.operations("redrive 1", but=("leave",))
    for point in crash_points(operations):
        ch.queue_purge("invoices")
        _fill_parking(trial, ch, orders)
        outcome = trial.outcome(_redriving(trial, redrive, "invoices", fault=point))
        trial.expect_fault(outcome, point)
        trial.until(lambda: ready(ch, "invoices") + ready(ch, PARKED) >= len(orders), within=0.5)
        circumstance = f"redrive was {outcome.fault}, and run again"
        trial.result(_redriving(trial, redrive, "invoices", name="redrive 2"), circumstance=circumstance)
        moved = _take_all(ch, "invoices")
        found = [order for order, _ in moved]
        twice = [order for order in orders if found.count(order) == 2]
        if len(twice) == 1:
            found.remove(twice[0])  # the one in hand, of which nobody could know that it was in the queue already
        broken = anomalies.find_anomalies(
            Ledger(accepted=orders, found={"the queue": found, "parked": [order for order, _ in _take_all(ch, PARKED)]}),
            "message",
            trial.history.records(),
        )
        if broken:
            raise Wrong(circumstance, anomalies=broken, hint=1,
                        must_hold="nothing is lost, and at most the message in hand is there twice")
        renamed = anomalies.find_renamed([(order, properties.message_id) for order, properties in moved])
        if renamed:
            raise Wrong(circumstance, anomalies=[renamed], must_hold="both copies have one message id", hint=3)


def _check_parked_again(redrive, trial, ch):
    """While redrive is at it, another order is parked, and its first message fails once more and is parked again."""
    orders = ["order 1", "order 2", "order 3"]
    ch.queue_purge("invoices")
    _fill_parking(trial, ch, orders)
    worker = _redriving(trial, redrive, "invoices", faults=["hold after basic.publish 1", "hold before leave"])
    circumstance = "while redrive ran, order 8 was parked, and order 1 failed once more and was parked again"
    meanwhile = ["order 8", "order 1"]
    held = worker.wait_held() or ""
    if "publish" not in held:
        raise CannotTell("redrive was to be held after its first publish, and did not get there")
    if not trial.until(lambda: ready(ch, "invoices") == 1, within=1.0):
        raise CannotTell("redrive was held after its first publish, and the queue does not have that message")
    ch.basic_get("invoices", auto_ack=True)
    _put(ch, PARKED, *meanwhile)
    worker.release()
    free = False
    if worker.wait_held(within=3.0):
        # What a consumer was handed beyond that, and has let go, travels back.
        free = trial.until(lambda: ready(ch, PARKED) == len(meanwhile), within=1.0)
        worker.release()
    ended, value, _ = trial.result(worker, circumstance=circumstance)
    moved, left = ([order for order, _ in _take_all(ch, name)] for name in ("invoices", PARKED))
    if moved != orders[1:] or sorted(left) != sorted(meanwhile) or ended != "returned" or value != len(orders):
        raise Wrong(
            circumstance,
            f"redrive {ended}" + (f" {value!r}" if ended == "returned" else "") + f"; moved afterwards: {_listed(moved)}; "
            f"parked: {_listed(left)}",
            must_hold="redrive moves what was parked when it began: what is parked meanwhile stays parked, or nothing ends",
            hint=2,
        )
    if not free:
        raise Wrong(circumstance, "redrive has returned, and its channel still holds what was parked meanwhile",
                    must_hold="what redrive does not move is free for others when it has returned", hint=2)


def _check_taken_by_another(redrive, trial, ch):
    """While redrive is at it, somebody takes a parked message away: there is one less to move than it counted."""
    orders = ["order 1", "order 2", "order 3"]
    ch.queue_purge("invoices")
    _fill_parking(trial, ch, orders)
    worker = _redriving(trial, redrive, "invoices", faults=["hold after basic.publish 1"])
    circumstance = "while redrive ran, somebody else took one of the 3 parked orders away"
    if "publish" not in (worker.wait_held() or ""):
        raise CannotTell("redrive was to be held after its first publish, and did not get there")
    # None where redrive has been handed all of them before its first publish: then all are its own.
    taken = ch.basic_get(PARKED, auto_ack=True)[0]
    worker.release()
    ended, value, _ = trial.result(worker, circumstance=circumstance)
    moved = [order for order, _ in _take_all(ch, "invoices")]
    if ended != "returned" or value != len(moved) or len(moved) != len(orders) - (taken is not None):
        raise Wrong(circumstance, f"redrive {ended}" + (f" {value!r}" if ended == "returned" else "")
                    + f"; moved: {_listed(moved)}", must_hold="redrive returns how many it has moved", hint=2)


def _check_not_taken(redrive, trial, ch, why, arguments):
    orders = ["order 1", "order 2", "order 3"]
    ch.queue_delete("invoices")
    if arguments:
        empty_queue(ch, "invoices", **arguments)
    _fill_parking(trial, ch, orders)
    outcome = trial.outcome(_redriving(trial, redrive, "invoices"))
    trial.expect_no_error(outcome, why)
    if outcome.kind == "overran":
        raise Wrong(why, "redrive had not returned after 3 s", must_hold="what pika raises comes out of redrive", hint=1)
    moved = [order for order, _ in _take_all(ch, "invoices")] if arguments else []
    trial.until(lambda: ready(ch, PARKED) + len(moved) >= len(orders), within=0.5)
    parked = [order for order, _ in _take_all(ch, PARKED)]
    broken = anomalies.find_anomalies(Ledger(accepted=orders, found={"the queue": moved, PARKED: parked}), "message",
                                      trial.history.records())
    if broken:
        raise Wrong(why, anomalies=broken, must_hold="what the queue has not taken stays parked", hint=1)
    if outcome.kind == "returned" and not outcome.value[0].startswith("raised"):
        raise Wrong(why, f"redrive returned {outcome.value[1]!r}, as if nothing had happened",
                    must_hold="when the queue does not take a message, what pika raises comes out of redrive", hint=1)
