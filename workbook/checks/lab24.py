"""Lab 24: delivery. How the answers to 24.1, 24.2 and 24.3 are judged.

24.1 is judged by what the queues hold after each publish, against the word that was reported. 24.2 by the one law
(`workbook.anomalies`): after every kill each order is done, or waits in the queue again, and only the one in hand may be
both. 24.3 by who has the message while the work goes on: the worker, or already somebody else.
"""

import threading

import pika
from pika.exceptions import AMQPError

from workbook import anomalies
from workbook.anomalies import Ledger, as_text
from workbook.checks.messages import channel, drain, empty_queue, ready
from workbook.exercises import checks
from workbook.faults import around, given
from workbook.line import Line
from workbook.proxy import lost_reply
from workbook.verdicts import CannotTell, Wrong

BROKERS = ("rabbitmq",)

WORDS = ("published", "unroutable", "refused", "unknown")

HEARTBEAT = 1
"""Seconds. The broker drops a client that says nothing for three of them."""


# What the checks share


def _copies(ch, name):
    """Take everything out of a queue: (body, message id, delivery mode) of each."""
    return [(as_text(body), properties.message_id, properties.delivery_mode) for _, properties, body in drain(ch, name)]


# 24.1


SENDS = [
    # order, exchange, key, what is true about it
    ("order 1", "orders", "placed", "published"),
    ("order 2", "orders", "palced", "unroutable"),
    ("order 3", "oders", "placed", ("unroutable", "refused")),
    ("order 4", "orders", "archived", "refused"),
    ("order 5", "orders", "placed", "published"),
]
WHY = {
    "order 2": "no queue is bound for the key 'palced'",
    "order 3": "there is no exchange 'oders'",
    "order 4": "the queue bound for 'archived' is full",
}


def publish_each(parameters, publish, sends):
    """Publish one after the other; a channel that was closed on the way is replaced, as a program at work would do."""
    words, connection, ch = [], None, None
    for order, exchange, key, _ in sends:
        if connection is None or not connection.is_open:
            connection, ch = pika.BlockingConnection(parameters), None
        if ch is None or not ch.is_open:
            ch = connection.channel()
            ch.confirm_delivery()
        words.append(_publish_once(publish, ch, exchange, key, order))
    return words


def publish_again_while_unknown(first, later, publish, order):
    """Publish through the line `first`; while the word is "unknown", once more through `later`, with the same id."""
    words = []
    for parameters in (first, later):
        ch = pika.BlockingConnection(parameters).channel()
        ch.confirm_delivery()
        words.append(_publish_once(publish, ch, "orders", "placed", order))
        if words[-1] != "unknown":
            break
    return words


def _publish_once(publish, ch, exchange, key, order):
    given(f"publish(ch, {exchange!r}, {key!r}, {order.encode()!r}, {_id(order)!r})")
    return publish(ch, exchange, key, order.encode(), _id(order))


def _id(order):
    return f"id of {order}"


def _one_word(words):
    for word in words:
        if word not in WORDS:
            raise Wrong(
                f"publish returned {word!r}",
                must_hold=f"publish returns one of the words {', '.join(map(repr, WORDS))}",
                hint=None,
            )


@checks(
    "24.1",
    title="publish",
    budget=5,
    hints=[
        "Returning normally means: every queue that the message was routed to has it. How many queues must that be, and who can insist on one?",
        "Sort what can be raised by what it proves: nobody wanted it, the broker said no, or the conversation broke off in the middle.",
        "Somebody will publish again after an unknown outcome. What must both copies share, so that the receiver notices?",
    ],
)
def check_publish(publish, trial):
    ch = channel(trial)
    ch.exchange_declare("orders", "direct", durable=True)
    empty_queue(ch, "billing")
    empty_queue(ch, "archive", b"order 0", x_max_length=1, x_overflow="reject-publish")
    ch.queue_bind("billing", "orders", "placed")
    ch.queue_bind("archive", "orders", "archived")

    worker = trial.worker(publish_each, trial.amqp(), publish, SENDS)
    outcome = trial.outcome(worker)
    trial.expect_no_error(outcome, _why(outcome.error))
    words = trial.result(worker)
    _one_word(words)
    copies = _copies(ch, "billing")
    told = {order: word for (order, *_), word in zip(SENDS, words)}
    truth = {order: true for order, _, _, true in SENDS}
    untruthful = anomalies.find_untruthful(told, [body for body, *_ in copies], truth)
    if untruthful:
        why = WHY.get(untruthful.ids[0])
        raise Wrong(
            *([f"{untruthful.ids[0]}: {why}"] if why else []),
            anomalies=[untruthful],
            must_hold="each of the four words means exactly what the docstring says",
            hint=1 if told[untruthful.ids[0]] == "published" else 2,
        )
    _one_copy_each(copies, told)

    for cut, what in (("reply", "the broker had it, and its confirm was lost"), ("request", "it was lost on its way to the broker")):
        copies += _publish_over_a_bad_line(publish, trial, ch, cut, what)
    _check_properties(copies)
    return [
        "published, unroutable and refused were told as they were, with an unknown exchange and a full queue too",
        "told unknown when the confirm was lost, and when the message was: to the publisher they look alike",
        "published again, both copies carried the same message id, and every message was persistent",
    ]


def _why(error):
    """What was true about the message whose publish raised, in a line; None when nothing was."""
    for order, why in WHY.items():
        if error and repr(order.encode()) in (error.given or ""):
            return f"{order}: {why}"
    return None


def _one_copy_each(copies, told):
    """A word other than "unknown" is for one message: publishing twice to be sure is not told by it."""
    accepted = [order for order, word in told.items() if word == "published"]
    twice = anomalies.find_duplicated(Ledger(accepted=accepted, found={"billing": [body for body, *_ in copies]}), "message")
    if twice:
        raise Wrong("no reply was lost", anomalies=[twice], must_hold="one call publishes one message", hint=2)


def _publish_over_a_bad_line(publish, trial, ch, cut, what):
    order = f"order {6 if cut == 'reply' else 7}"
    with lost_reply("rabbitmq", cut=cut) as proxy:
        through = trial.amqp(host=proxy.host, port=proxy.port)
        worker = trial.worker(publish_again_while_unknown, through, trial.amqp(), publish, order)
        words = trial.result(worker, circumstance=f"{order}: {what}")
        if not proxy.lost:
            raise CannotTell("nothing was published in confirm mode, so no confirm could be lost")
    _one_word(words)
    copies = _copies(ch, "billing")
    there = [body for body, *_ in copies]
    untruthful = anomalies.find_untruthful({order: words[0]}, there, {order: ("unknown", "published") if there else "unknown"})
    if untruthful:
        raise Wrong(
            f"{order}: {what}",
            anomalies=[untruthful],
            must_hold="when the connection breaks before the broker has answered, nobody knows: unknown",
            hint=2,
        )
    renamed = anomalies.find_renamed([(body, id) for body, id, _ in copies])
    if renamed:
        raise Wrong(
            f"{order}: {what}; it was published again",
            anomalies=[renamed],
            must_hold="a message that is published again keeps its message id",
            hint=3,
        )
    if not there:
        raise Wrong(
            f"{order}: {what}; publish said {' and then '.join(words)}, and no queue has it",
            must_hold="publish returns 'published' only when the broker has confirmed",
            hint=2,
        )
    return copies


def _check_properties(copies):
    for body, id, mode in copies:
        if id != _id(body):
            raise Wrong(
                f"{body} was to be published with the message id {_id(body)!r}; the queue has it with {id!r}",
                must_hold="the message carries the id that publish was given",
                hint=3,
            )
    for body, _, mode in copies:
        if mode != 2:
            raise Wrong(
                f"{body} is there with delivery mode {mode}: after a restart of the broker it would be gone",
                must_hold="what is published is persistent (delivery mode 2)",
                hint=None,
            )


# 24.2


ORDERS = [f"order {n}" for n in range(1, 8)]
LAST = "order 5"
"""After this one `work` says that it is enough: orders 6 and 7 stay for others."""

CLOSING = "order 8"
"""Comes after all others where a second run is to drain the queue: its work says that it was the last one."""


class MailProviderDown(Exception):
    """What `work` raises, once, where a check wants to see what becomes of the message."""


def consume_until_told(parameters, consume, world, last=LAST, fails=None):
    """Consume the queue "mail" on a connection of its own; "raised" when the work's exception came out."""
    connection = pika.BlockingConnection(parameters)
    ch = connection.channel()
    left = {fails}

    def work(body):
        order = as_text(body)
        with around("work", id=order):
            if order in left:
                left.discard(order)
                raise MailProviderDown(order)
            world.mail("a customer", order)
        return order != last

    given("consume(ch, 'mail', work)")
    try:
        consume(ch, "mail", work)
        ended = "returned"
    except MailProviderDown:
        ended = "raised"
    # A check can hold the worker here, its channel still open, to see what consume has left behind.
    with around("leave"):
        pass
    # In order, so that whatever is not acknowledged is back in the queue when this worker has ended.
    if connection.is_open:
        connection.close()
    return ended


def _consumer(trial, consume, name="worker 1", last=LAST, fails=None, **options):
    return trial.worker(consume_until_told, trial.amqp(), consume, trial.world, last, fails, name=name, **options)


def _done(trial):
    return [order for _, order in trial.world.mails()]


def _fill(trial, ch):
    trial.again()
    empty_queue(ch, "mail", *[order.encode() for order in ORDERS])


def _listed(orders):
    return ", ".join(orders) or "none"


@checks(
    "24.2",
    title="consume",
    budget=8,
    hints=[
        "The broker forgets a message when it is acknowledged. At which of the three moments (delivered, worked, acknowledged) may it forget?",
        "Not more than one message may be done and still unacknowledged. What stands between one work and the next?",
        "consume ends in two ways: work raised, or said that this was the last one. Is the message in hand done then? Who gets "
        "what was handed out beyond it? Is anything else an end?",
    ],
)
def check_consume(consume, trial):
    ch = channel(trial)
    _check_undisturbed(consume, trial, ch)
    _check_waits(consume, trial, ch)
    for n in (1, 3, 5):
        for point, state in (
            (f"kill before work {n}", "delivered and not worked"),
            (f"kill after work {n}", "worked and not acknowledged"),
            (f"kill after basic.ack {n}", "acknowledged"),
        ):
            _check_killed(consume, trial, ch, point, n, state)
    _check_raising(consume, trial, ch)
    return [
        "killed when the first, third and last order was delivered, worked, acknowledged: nothing lost,",
        "a second run worked all that had not been acknowledged, and nothing else",
        "what work raised came out of consume, and a second run worked that order",
        "an empty queue was waited at; when consume returned, the orders after the last one were free for others",
    ]


def _check_undisturbed(consume, trial, ch):
    _fill(trial, ch)
    worker = _consumer(trial, consume, fault="hold before leave")
    rest = ORDERS[5:]
    free = False
    if worker.wait_held(within=3.0):
        # What a cancelled consumer had been handed travels back; one that is not cancelled keeps it.
        free = trial.until(lambda: _consumers(ch, "mail") == 0 and ready(ch, "mail") == len(rest), within=1.5)
        worker.release()
    outcome = trial.outcome(worker)
    count = len(ORDERS)
    circumstance = f"{count} orders wait; nobody is killed; work says at {LAST} that it was the last one"
    trial.expect_no_error(outcome, circumstance)
    done = _done(trial)
    if set(done) & set(rest):
        raise Wrong(
            circumstance, f"{_listed([o for o in done if o in rest])} was worked all the same",
            must_hold="consume ends when work has returned False", hint=3,
        )
    if outcome.kind == "overran":
        raise Wrong(
            circumstance, "consume had not returned after 3 s", must_hold="consume ends when work has returned False", hint=3
        )
    waiting = [as_text(body) for _, _, body in drain(ch, "mail")]
    broken = anomalies.find_anomalies(
        Ledger(accepted=ORDERS, found={"done": done, "the queue again": waiting}), "message", trial.history.records()
    )
    if broken:
        last_only = broken[0].name == "duplicated" and list(broken[0].ids) == [LAST]
        raise Wrong(
            circumstance,
            anomalies=broken,
            must_hold="what has been worked is acknowledged, and nothing else is",
            hint=1 if broken[0].name == "lost" else 3 if last_only else 2,
        )
    if done != ORDERS[:5]:
        raise Wrong(
            circumstance, f"worked were {_listed(done)}", must_hold="consume goes on until work has returned False", hint=3
        )
    if not free:
        raise Wrong(
            circumstance,
            f"consume returned, and the broker still hands its channel what waits: {_listed(rest)} are not free for others",
            must_hold="when consume has returned, nobody consumes on its channel, and what is not worked waits for others",
            hint=3,
        )


def _consumers(ch, name):
    return ch.queue_declare(name, passive=True).method.consumer_count


PATIENCE = 1.5
"""Seconds at an empty queue. A consumer that leaves does so at once, or after a time-out that it has set itself."""


def _check_waits(consume, trial, ch):
    """The orders come only when the consumer has been at the empty queue for a while."""
    trial.again()
    empty_queue(ch, "mail")
    worker = _consumer(trial, consume, name="early")
    trial.until(lambda: not worker.alive or _attends(trial, ch))
    left = trial.until(lambda: not worker.alive, within=PATIENCE)
    if not left:
        for order in ORDERS:
            ch.basic_publish("", "mail", order.encode())
    outcome = trial.outcome(worker)
    circumstance = "the queue was empty for a while"
    trial.expect_no_error(outcome, circumstance)
    must_hold = "consume goes on until work has returned False: an empty queue is no reason to leave"
    if left:
        raise Wrong(circumstance, "consume returned before an order came", must_hold=must_hold, hint=3)
    if outcome.kind == "overran" or len(set(_done(trial))) < 5:
        raise Wrong(
            f"{circumstance}, then seven orders came", f"worked were {_listed(_done(trial))}", must_hold=must_hold, hint=3
        )


def _attends(trial, ch):
    """Whether somebody consumes the queue, or has asked it three times."""
    asked = [entry for entry in trial.history.records() if entry["what"] == "basic.get" and entry["phase"] == "end"]
    return len(asked) >= 3 or _consumers(ch, "mail") > 0


def _drained_by_a_second_run(consume, trial, ch, circumstance):
    """Have the answer itself work all that is in the queue: (the orders done by both runs, those in the queue still).

    One more order comes last, and its work ends the second run.
    """
    ch.basic_publish("", "mail", CLOSING.encode())
    outcome = trial.outcome(_consumer(trial, consume, name="worker 2", last=CLOSING))
    circumstance = f"{circumstance}; a second run took over"
    trial.expect_no_error(outcome, circumstance)
    done = [order for order in _done(trial) if order != CLOSING]
    if outcome.kind == "overran":
        raise Wrong(
            circumstance,
            f"it had not ended after 3 s; not worked: {_listed([order for order in ORDERS if order not in done])}",
            must_hold="every order that comes back is worked, and consume ends when work has returned False",
            hint=None,
        )
    return done, [as_text(body) for _, _, body in drain(ch, "mail") if body != CLOSING.encode()]


def _check_killed(consume, trial, ch, point, n, state):
    _fill(trial, ch)
    circumstance = f"worker 1 was killed when {ORDERS[n - 1]} was {state}"
    outcome = trial.outcome(_consumer(trial, consume, fault=point))
    trial.expect_no_error(outcome)
    trial.expect_fault(outcome, point)
    acknowledged = n if point.startswith("kill after basic.ack") else n - 1
    # The broker notices the broken connection by itself, and then gives back all of it at once.
    trial.until(lambda: ready(ch, "mail") >= len(ORDERS) - acknowledged, within=2.0)
    done, waiting = _drained_by_a_second_run(consume, trial, ch, circumstance)
    in_hand = ORDERS[n - 1]
    if point.startswith("kill after work") and done.count(in_hand) > 1:
        done.remove(in_hand)  # the one that nobody can know to be done, and that is done again
    broken = anomalies.find_anomalies(
        Ledger(accepted=ORDERS, found={"done": done, "the queue again": waiting}), "message", trial.history.records()
    )
    if broken:
        raise Wrong(
            f"{circumstance}; a second run took over",
            anomalies=broken,
            must_hold="what is not worked comes back and is worked; of what is worked, at most the one in hand comes back",
            hint=1 if broken[0].name == "lost" else 2,
        )


def _check_raising(consume, trial, ch):
    _fill(trial, ch)
    outcome = trial.outcome(_consumer(trial, consume, fails="order 3"))
    circumstance = "the work on order 3 raised MailProviderDown, the first time"
    trial.expect_no_error(outcome, circumstance)
    must_hold = "what work raises comes out of consume, and its message is not acknowledged"
    if outcome.kind == "overran":
        raise Wrong(circumstance, "consume had not returned after 3 s", must_hold=must_hold, hint=3)
    done, waiting = _drained_by_a_second_run(consume, trial, ch, circumstance)
    broken = anomalies.find_anomalies(
        Ledger(accepted=ORDERS, found={"done": done, "the queue again": waiting}), "message", trial.history.records()
    )
    if broken:
        raise Wrong(f"{circumstance}; a second run took over", anomalies=broken, must_hold=must_hold, hint=3)
    if outcome.value != "raised":
        raise Wrong(
            circumstance,
            "consume went on and returned as if nothing had happened: whoever called it does not know",
            must_hold=must_hold,
            hint=3,
        )


# 24.3


class Declined(Exception):
    """What the long work raises, where a check wants to see what becomes of the message."""


def work_long_once(parameters, work_long, world, raises=False):
    """Get one message and have `work_long` do it: (how it ended, the threads' misuse of the connection or None)."""
    # Python prints a traceback for what ends a thread, and goes on; one line says it better.
    threading.excepthook = lambda ended: print(f"{ended.exc_type.__name__} ended a thread, and nobody was told")
    connection = pika.BlockingConnection(parameters)
    ch = connection.channel()
    method, _, body = ch.basic_get("invoices")
    use = _Use(connection, ch)

    def work():
        with around("work", id=as_text(body)):
            if raises:
                raise Declined("the invoice could not be printed")
            world.mail("a customer", as_text(body))

    given("work_long(conn, ch, tag, work)")
    try:
        work_long(connection, ch, method.delivery_tag, work)
        ended = "returned"
    except AMQPError as error:
        if connection.is_open:
            raise  # no lost connection, but a call that pika or the broker refused
        ended = f"raised {type(error).__name__}"
    except Declined:
        ended = "raised Declined"
    if connection.is_open:
        connection.close()
    return ended, use.misuse


class _Use:
    """Which threads use a connection: pika's is for one thread, and two may corrupt it without any exception."""

    def __init__(self, connection, ch):
        self.owner, self.serving, self.misuse = threading.get_ident(), False, None
        for thing, method in ((connection, "process_data_events"), (connection, "sleep"), (ch, "basic_ack")):
            setattr(thing, method, self._watched(method, getattr(thing, method)))

    def _watched(self, method, original):
        def call(*args, **options):
            mine = threading.get_ident() == self.owner
            if method == "basic_ack" and self.serving and not mine:
                # Not carried out: what two threads do to one connection is a matter of luck, and a verdict is not.
                self.misuse = "basic_ack was called in a thread of its own, while another thread served the connection"
                return None
            if method != "basic_ack" and mine:
                self.serving = True
            return original(*args, **options)

        return call


@checks(
    "24.3",
    title="work_long",
    budget=10,
    hints=[
        "Who answers the broker's heartbeats, and when does that code run? Not while your work has the only thread.",
        "pika's connection belongs to one thread. Which of the two should it be: the one that works, or the one that waits?",
        "Work ends in three ways: done, with an exception, or too late because the connection is gone. Only one of them deserves an acknowledgement.",
    ],
)
def check_work_long(work_long, trial):
    ch = channel(trial)
    _check_work_raises(work_long, trial, ch)
    _check_longer_than_heartbeat(work_long, trial, ch)
    _check_broker_dies(work_long, trial, ch)
    return [
        f"the work took longer than the broker waits for a heartbeat of {HEARTBEAT} s, and the message stayed with its worker",
        "the broker hung up meanwhile: told, and nothing claimed to be acknowledged",
        "the work raised: told, and the message came back",
    ]


def _invoice(trial, ch):
    trial.again()
    empty_queue(ch, "invoices", b"invoice 1")


def _check_misuse(misuse):
    if misuse:
        raise Wrong(misuse, must_hold="one thread uses the connection; others only call add_callback_threadsafe", hint=2)


def _check_work_raises(work_long, trial, ch):
    _invoice(trial, ch)
    worker = trial.worker(work_long_once, trial.amqp(), work_long, trial.world, True, name="worker 1")
    outcome = trial.outcome(worker, within=2.0)
    circumstance = "the work raised Declined"
    must_hold = "an exception of the work comes out of work_long, and nothing is acknowledged"
    trial.expect_no_error(outcome, circumstance)
    if outcome.kind == "overran":
        raise Wrong(circumstance, "work_long had not returned after 2 s", must_hold=must_hold, hint=3)
    ended, misuse = outcome.value
    waiting = [as_text(body) for _, _, body in drain(ch, "invoices")]
    lost = anomalies.find_lost(Ledger(accepted=["invoice 1"], found={"the queue": waiting}), "message")
    if lost:
        raise Wrong(circumstance, anomalies=[lost], must_hold=must_hold, hint=3)
    if ended != "raised Declined":
        raise Wrong(circumstance, f"work_long {ended}", must_hold=must_hold, hint=3)
    _check_misuse(misuse)


def _check_broker_dies(work_long, trial, ch):
    """The line is hung up while the work goes on: what a client sees when its broker is killed."""
    _invoice(trial, ch)
    at = trial.address("rabbitmq")
    with Line(at["host"], at["port"]) as line:
        parameters = trial.amqp(host=line.host, port=line.port)
        worker = trial.worker(work_long_once, parameters, work_long, trial.world, name="worker 1", fault="hold after work")
        if not worker.wait_held():
            _ended_without_work(trial, worker)
        line.hang_up()
        # One that notices at once need not wait for its work; one that does is told by the work's end.
        trial.until(lambda: not worker.alive, within=1.0)
        if worker.alive:
            worker.release()
        circumstance = "the broker hung up while the work went on"
        ended, misuse = trial.result(worker, circumstance=circumstance)
    _check_misuse(misuse)
    if not ended.startswith("raised"):
        untruthful = anomalies.find_untruthful({"invoice 1": "acknowledged"}, [], {"invoice 1": "not acknowledged"})
        raise Wrong(
            circumstance,
            anomalies=[untruthful],
            must_hold="work_long returns only when it could acknowledge; a lost connection comes out as pika's exception",
            hint=3,
        )


def _ended_without_work(trial, worker):
    value = trial.result(worker)
    raise Wrong(f"work_long {value[0]} without calling work()", must_hold="work_long calls work() once, then acknowledges")


def _check_longer_than_heartbeat(work_long, trial, ch):
    _invoice(trial, ch)
    parameters = trial.amqp(heartbeat=HEARTBEAT)
    worker = trial.worker(work_long_once, parameters, work_long, trial.world, name="worker 1", fault="hold after work")
    if not worker.wait_held():
        _ended_without_work(trial, worker)
    # The work lasts until the broker has given the message back, or has had the time to.
    back = trial.until(lambda: ready(ch, "invoices") > 0, within=4.5 * HEARTBEAT)
    circumstance = f"heartbeat {HEARTBEAT} s; the work went on for longer than the broker waits"
    if back:
        robbed = anomalies.find_robbed({"worker 1": ["invoice 1"]}, {"worker 1": []}, "message")
        raise Wrong(
            circumstance,
            "the broker heard nothing from worker 1, dropped its connection and gave the message back",
            anomalies=[robbed],
            must_hold="a worker that is alive keeps its message, however long the work is",
        )
    worker.release()
    ended, misuse = trial.result(worker, circumstance=circumstance)
    _check_misuse(misuse)
    if ended != "returned":
        raise Wrong(
            circumstance,
            f"work_long {ended}",
            must_hold="a worker that is alive keeps its message, however long the work is",
        )
    waiting = [as_text(body) for _, _, body in drain(ch, "invoices")]
    done = [order for _, order in trial.world.mails()]
    broken = anomalies.find_anomalies(
        Ledger(accepted=["invoice 1"], found={"done": done, "the queue again": waiting}), "message"
    )
    if broken:
        raise Wrong(circumstance, anomalies=broken, must_hold="the work is done once, and acknowledged when it is done", hint=3)
