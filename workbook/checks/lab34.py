"""Lab 34: replay. How the answers to 34.1, 34.2 and 34.3 are judged.

34.1: a log whose every offset the check knows is rebuilt with a fold that counts how often it got each record. After
that, each committed record is either in the state, once, or at or behind the offset from which a live consumer goes
on. 34.2: the outside world has one mail for each order. 34.3: a reader looks at the projection and its positions in
one transaction, at every statement of the switch and after a kill there, and sees one complete projection, never an
older one after a newer.
"""

import json
import sqlite3
from dataclasses import replace

from workbook import anomalies
from workbook.anomalies import Anomaly, Ledger
from workbook.exercises import checks
from workbook.faults import ProbedConnection, given
from workbook.verdicts import CannotTell, Raised, Wrong

BROKERS = ("kafka",)


# 34.1: rebuild to a fixed end

PLAIN, EMPTY, ENDS_ABORTED, BEGINS_ABORTED, CUT, EMPTIED = range(6)
"""The partitions of the log that is rebuilt, each with something that rebuilds get wrong."""

LIVE = {0: 30, 1: 33}
"""partition: how many records are in the log of the live shop when the rebuild begins."""

BATCH = 5
"""Records that one poll returns at most."""

GROWTH = 8
"""Records that the shop writes to each partition at every poll: more than a poll returns, so chasing never ends."""

MANY, ENOUGH = 120, 10
"""Polls with records, and polls after everything was read, after which a rebuild is stuck. A right one that takes one
record a poll needs 80 of the first kind and one or two of the second."""


LONGEST = 100
"""Milliseconds that one poll waits at most."""


class StillReading(BaseException):
    """Ends an answer that would read for ever; no `except Exception` of the answer's stops it."""


def _watched(bootstrap, ends, slow=False, write=None):
    """A consumer for the rebuild, without a group, that watches its own polls.

    ends: {TopicPartition: end} of a log that has come to rest. slow: the first poll comes back empty, as it does when
    the broker takes longer than the time-out. write: called before the first poll and after each one with records.
    """
    import kafka

    class Watched(kafka.KafkaConsumer):
        polls = records = idle = 0

        def poll(self, timeout_ms=0, *args, **options):
            self.polls += 1
            if write and self.polls == 1:
                write()
            if slow and self.polls == 1:
                return {}
            # Never long at a time: what is stuck is told by its polls, and a poll may always come back early.
            found = super().poll(min(timeout_ms, LONGEST), *args, **options)
            if found:
                self.records += 1
                if write:
                    write()
            elif not write and all(self.position(partition) >= ends[partition] for partition in self.assignment()):
                self.idle += 1
            if self.records > MANY or self.idle > ENOUGH:
                raise StillReading
            return found

    return Watched(
        bootstrap_servers=bootstrap,
        bootstrap_timeout_ms=5000,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        max_poll_records=BATCH,
    )


def _count(state, record):
    """The fold of the check: how often it got each record. It returns a new state and leaves the old one alone."""
    at = f"partition {record.partition} offset {record.offset}"
    return {**state, at: state.get(at, 0) + 1}


def rebuild_once(bootstrap, topic, ends, rebuild, slow=False, live=False):
    """Run the answer on partitions 0 … of `topic` and tell, as plain data, how it ended.

    ends: {partition number: end offset} when it begins. Returns ("state", state, {number: offset}), ("gone", {number:
    first offset left}), ("still reading",) or ("no result", what it returned).
    """
    import kafka

    ends = {kafka.TopicPartition(topic, number): end for number, end in ends.items()}
    producer = kafka.KafkaProducer(bootstrap_servers=bootstrap, bootstrap_timeout_ms=5000) if live else None

    def write():
        for partition in ends:
            for _ in range(GROWTH):
                producer.send(topic, b"{}", partition=partition.partition)
        producer.flush()

    consumer = _watched(bootstrap, ends, slow, write if live else None)
    given(f"rebuild(consumer, partitions {', '.join(str(one.partition) for one in ends)} of orders, fold)")
    try:
        value = rebuild(consumer, list(ends), _count)
    except StillReading:
        return ("still reading",)
    except Exception as error:
        # The class comes from the notebook, so it is told by its name.
        if type(error).__name__ != "BeginningGone":
            raise
        return ("gone", _numbers(getattr(error, "first", None)))
    if not isinstance(value, tuple) or len(value) != 2 or not isinstance(value[0], dict):
        return ("no result", "nothing" if value is None else f"a {type(value).__name__}")
    offsets = _numbers(value[1])
    if offsets is None:
        return ("no result", "a state without offsets by TopicPartition")
    return ("state", value[0], offsets)


def _numbers(mapping):
    """{TopicPartition: offset} as {partition number: offset}; None when it is something else."""
    try:
        found = {partition.partition: getattr(offset, "offset", offset) for partition, offset in dict(mapping).items()}
    except (AttributeError, TypeError, ValueError):
        return None
    return found if all(type(offset) is int for offset in found.values()) else None


def _write_log(trial):
    """Write the log of 34.1. Returns (topic, {partition: committed offsets}, {partition: end})."""
    import kafka

    topic = trial.topic("orders", 6, retention_ms=-1)
    partition = {number: kafka.TopicPartition(topic, number) for number in range(6)}
    plain = kafka.KafkaProducer(bootstrap_servers=trial.bootstrap, bootstrap_timeout_ms=5000)
    several = kafka.KafkaProducer(
        bootstrap_servers=trial.bootstrap, bootstrap_timeout_ms=5000, transactional_id=trial.name("writer")
    )

    def send(producer, counts):
        for number, count in counts.items():
            for _ in range(count):
                producer.send(topic, b"{}", partition=number)
        producer.flush()

    try:
        several.init_transactions()
        for counts, end in (
            ({ENDS_ABORTED: 4}, several.commit_transaction),
            ({ENDS_ABORTED: 2, BEGINS_ABORTED: 2}, several.abort_transaction),
            ({BEGINS_ABORTED: 3}, several.commit_transaction),
        ):
            several.begin_transaction()
            send(several, counts)
            end()
        send(plain, {PLAIN: 6, CUT: 5, EMPTIED: 4})
        trial.admin.delete_records({partition[CUT]: 3, partition[EMPTIED]: 4})
        # A transaction's marker takes an offset too.
        ends = {PLAIN: 6, EMPTY: 0, ENDS_ABORTED: 8, BEGINS_ABORTED: 7, CUT: 5, EMPTIED: 4}
        _await_ends(trial, topic, ends)
    finally:
        plain.close()
        several.close()
    committed = {PLAIN: range(6), EMPTY: (), ENDS_ABORTED: range(4), BEGINS_ABORTED: range(3, 6)}
    return topic, committed, ends


def _await_ends(trial, topic, ends):
    """Wait until the last transaction's marker is in the log, and nobody reads behind it."""
    import kafka

    partitions = {kafka.TopicPartition(topic, number): end for number, end in ends.items()}
    reader = kafka.KafkaConsumer(
        bootstrap_servers=trial.bootstrap, bootstrap_timeout_ms=5000, isolation_level="read_committed"
    )
    try:
        if not trial.until(lambda: reader.end_offsets(list(partitions)) == partitions, within=5):
            raise CannotTell("the broker had not finished the transactions after 5 s; run the check again")
    finally:
        reader.close()


@checks(
    "34.1",
    title="rebuild",
    budget=5,
    hints=[
        "What is true of a partition when you have read all of it that you decided to read? Not every end offset has a record right before it, and some partitions have none at all.",
        "While you read, the shop writes. When do you decide where the end is, and what do you do with a record that lies behind it?",
        "A complete log begins at offset 0. Which offset does the broker say is its first one now?",
    ],
)
def check_rebuild(rebuild, trial):
    topic, committed, ends = _write_log(trial)
    quiet = {number: ends[number] for number in committed}
    circumstance = (
        "four partitions at rest: 1 is empty, 2 ends in an aborted transaction, 3 begins with one; "
        "the first poll comes back empty, as from a slow broker"
    )
    told = _run(trial, rebuild, topic, quiet, circumstance, slow=True)
    if told[0] == "gone":
        raise Wrong(
            circumstance, "rebuild raised BeginningGone, and every one of them still begins at offset 0",
            must_hold="only a partition whose first offsets were deleted is reported", hint=3,
        )  # fmt: skip
    _judge_quiet(told, committed, circumstance)

    _check_live(rebuild, trial)
    _check_gone(rebuild, trial, topic, ends)
    return [
        "empty, ending and beginning in an aborted transaction: each committed record folded once",
        f"with {GROWTH} records written to each partition at every poll: it ends, and live goes on from the right offset",
        "partitions whose first offsets are deleted: reported, not folded",
    ]


def _run(trial, rebuild, topic, ends, circumstance, **how):
    """Run the answer in a worker; end the check when it came to no result."""
    worker = trial.worker(rebuild_once, trial.bootstrap, topic, ends, rebuild, how.get("slow", False), how.get("live", False))
    outcome = trial.outcome(worker, within=6)
    trial.expect_no_error(outcome)
    if outcome.kind == "overran" or (outcome.kind == "returned" and outcome.value[0] == "still reading"):
        raise Wrong(
            circumstance, "stuck: rebuild still reads, though everything up to the ends at its start has been read",
            must_hold="rebuild returns once each partition's position has reached the end that was fixed",
            hint=2 if how.get("live") else 1,
        )  # fmt: skip
    if outcome.kind == "killed":
        raise CannotTell("the worker ended on its own; run the check again")
    told = outcome.value
    if told[0] == "no result":
        raise Wrong(
            f"rebuild returned {told[1]}",
            must_hold="rebuild returns (state, offsets): what fold gave last, and {TopicPartition: offset} to go on from",
        )
    if told[0] == "state" and set(told[2]) != set(ends):
        left = ", ".join(str(number) for number in sorted(set(ends) - set(told[2]))) or "none"
        raise Wrong(
            circumstance, f"partitions without an offset to go on from: {left}",
            must_hold="offsets has every partition that was asked for, an empty one too, and no other",
        )  # fmt: skip
    return told


def _judge_quiet(told, committed, circumstance):
    """The log has come to rest: each committed record must be in the state, once."""
    _, state, offsets = told
    log = [f"partition {number} offset {offset}" for number, found in committed.items() for offset in found]
    missing = [at for at in log if at not in state]
    extra = sorted(str(at) for at in state if at not in log)
    twice = [at for at in log if state.get(at, 1) != 1]
    broken = [
        Anomaly(name, len(found), len(log), tuple(found), (found[0] + witness,), noun="record")
        for name, found, witness in (
            ("missing", missing, " is in the log, and not in the state"),
            ("extra", extra, " is in the state, and was aborted, or never written"),
            ("duplicated", twice, " was folded more than once"),
        )
        if found
    ]
    if broken:
        raise Wrong(
            circumstance, anomalies=broken,
            must_hold="every record below the fixed end that was committed is folded, once, and nothing else",
        )  # fmt: skip
    again = {
        f"partition {number}": f"partition {number} is folded up to offset {max(found)}; going on from {offsets[number]} "
        f"reads some of it again"
        for number, found in committed.items()
        if found and offsets[number] <= max(found)
    }
    skipped = [number for number, found in committed.items() if offsets[number] > _end_of(number)]
    if skipped:
        raise Wrong(
            circumstance, f"offsets lie behind the end of partitions {', '.join(map(str, skipped))}",
            must_hold="offsets say where a live consumer goes on: right behind what is in the state", hint=2,
        )  # fmt: skip
    if again:
        raise Wrong(
            circumstance, anomalies=[_by_partition("duplicated", again, len(committed))],
            must_hold="offsets say where a live consumer goes on: right behind what is in the state", hint=2,
        )  # fmt: skip


def _end_of(number):
    return {PLAIN: 6, EMPTY: 0, ENDS_ABORTED: 8, BEGINS_ABORTED: 7}[number]


def _by_partition(name, witnesses, of):
    """Counted by partition: how many records went past an end varies, which partitions does not."""
    ids = tuple(sorted(witnesses))
    return Anomaly(name, len(ids), of, ids, (witnesses[ids[0]],), noun="partition")


def _check_live(rebuild, trial):
    """The shop writes at every poll, so the head of the log is never reached."""
    import kafka

    topic = trial.topic("live-orders", 2, retention_ms=-1)
    producer = kafka.KafkaProducer(bootstrap_servers=trial.bootstrap, bootstrap_timeout_ms=5000)
    for number, count in LIVE.items():
        for _ in range(count):
            producer.send(topic, b"{}", partition=number)
    producer.close()
    circumstance = f"a shop that writes: at every poll each partition grows by {GROWTH} records"
    told = _run(trial, rebuild, topic, LIVE, circumstance, live=True)
    if told[0] == "gone":
        raise Wrong(
            circumstance, "rebuild raised BeginningGone, and both partitions still begin at offset 0",
            must_hold="only a partition whose first offsets were deleted is reported", hint=3,
        )  # fmt: skip
    _, state, offsets = told
    missing, twice = {}, {}
    for number, end in LIVE.items():
        name = f"partition {number}"
        # No transactions here: every offset below the end is a record.
        for offset in range(max(end, offsets[number])):
            if state.get(f"{name} offset {offset}", 0) == 0:
                missing.setdefault(name, _why_missing(name, offset, end))
            if state.get(f"{name} offset {offset}", 0) > 1:
                twice.setdefault(name, f"{name} offset {offset} was folded more than once")
        if f"{name} offset {offsets[number]}" in state:
            twice.setdefault(name, f"{name}: the record at the offset to go on from is in the state already")
    found = [
        _by_partition(kind, witnesses, len(LIVE))
        for kind, witnesses in (("missing", missing), ("duplicated", twice))
        if witnesses
    ]
    if found:
        raise Wrong(
            circumstance, anomalies=found, hint=2,
            must_hold="each record is in the state or will be read by the live consumer that goes on from offsets, never both",
        )  # fmt: skip


def _why_missing(name, offset, end):
    if offset < end:
        return f"{name} offset {offset} was in the log before rebuild began, and is not in the state"
    return f"{name}: a record that arrived meanwhile is not in the state, and the offset to go on from lies behind it"


def _check_gone(rebuild, trial, topic, ends):
    asked = {number: ends[number] for number in (PLAIN, CUT, EMPTIED)}
    first = {CUT: 3, EMPTIED: 4}
    circumstance = "the first 3 of 5 records of partition 4 are deleted, and all 4 of partition 5; partition 0 is complete"
    told = _run(trial, rebuild, topic, asked, circumstance)
    if told[0] == "state":
        gone = {
            f"partition {number}": f"partition {number} begins at offset {offset} now: what was before that is in no state"
            for number, offset in first.items()
        }
        raise Wrong(
            circumstance, "rebuild returned a state as if it were complete", hint=3,
            anomalies=[_by_partition("missing", gone, 3)],
            must_hold="a partition whose beginning is gone is reported by raising BeginningGone, not folded from what is left",
        )  # fmt: skip
    if told[1] != first:
        said = "without {TopicPartition: offset}" if told[1] is None else "with " + (
            ", ".join(f"partition {number}: {offset}" for number, offset in sorted(told[1].items())) or "no partition"
        )
        raise Wrong(
            circumstance, f"rebuild raised BeginningGone {said}", hint=3,
            must_hold="BeginningGone names each partition that no longer begins at offset 0, with the first offset left: "
            "partition 4: 3, partition 5: 4",
        )  # fmt: skip


# 34.2: one mail for each order, across the replay and the switch

ORDERS = {0: range(1, 6), 1: range(6, 10), 2: range(10, 13)}
"""partition: the orders in it when the rebuild begins; each is three events: placed, item_added, paid."""

OLD = {0: 9, 1: 13}
"""partition: where the old service stopped. In 0 it was behind; in 1 it went on while the rebuild ran, and the last that
it handled is a `placed`, so both neighbours of a boundary are told apart from it; partition 2 was added to the topic when the old service was running, and it never read it."""

ARRIVING = {"while the rebuild ran": {0: [13], 1: [14], 2: [15]}, "after the switch": {0: [16], 1: [17], 2: [18]}}
WEEK_AGO = 1_700_000_000


def _send(producer, topic, number, orders):
    for order in orders:
        for kind in ("placed", "item_added", "paid"):
            event = {"order": order, "type": kind, "customer": f"customer {order}", "cents": 100, "at": WEEK_AGO + order}
            producer.send(topic, json.dumps(event).encode(), key=str(order).encode(), partition=number)
    producer.flush()


def old_service(bootstrap, topic, group, world):
    """The service that is replaced: mails and commits up to where it is stopped."""
    import kafka

    upto = {kafka.TopicPartition(topic, number): offset for number, offset in OLD.items()}
    consumer = kafka.KafkaConsumer(
        bootstrap_servers=bootstrap, bootstrap_timeout_ms=5000, group_id=group,
        enable_auto_commit=False, auto_offset_reset="earliest",
    )  # fmt: skip
    consumer.assign(list(upto))
    while any(consumer.position(partition) < offset for partition, offset in upto.items()):
        for partition, records in consumer.poll(timeout_ms=200).items():
            for record in records:
                event = json.loads(record.value)
                if record.offset < upto[partition] and event["type"] == "placed":
                    world.mail(event["customer"], f"order {event['order']} received")
    consumer.commit({partition: kafka.structs.OffsetAndMetadata(offset) for partition, offset in upto.items()})
    consumer.close()


def new_service(bootstrap, topic, group, world, on_event):
    """The service that takes over: replays from offset 0, switches, goes on; more orders arrive at both times."""
    import kafka

    partitions = [kafka.TopicPartition(topic, number) for number in ORDERS]
    producer = kafka.KafkaProducer(bootstrap_servers=bootstrap, bootstrap_timeout_ms=5000)
    consumer = kafka.KafkaConsumer(
        bootstrap_servers=bootstrap, bootstrap_timeout_ms=5000, group_id=group,
        enable_auto_commit=False, auto_offset_reset="none",
    )  # fmt: skip
    consumer.assign(partitions)
    committed = {partition: consumer.committed(partition) for partition in partitions}
    boundary = {partition: offset for partition, offset in committed.items() if offset is not None}
    ends = consumer.end_offsets(partitions)
    for partition in partitions:
        consumer.seek(partition, 0)
    for arriving in (*ARRIVING.values(), {}):
        _read_up_to(consumer, ends, boundary, world, on_event)
        for number, orders in arriving.items():
            _send(producer, topic, number, orders)
        ends = consumer.end_offsets(partitions)
    consumer.close()
    producer.close()
    return {partition.partition: offset for partition, offset in boundary.items()}


def _read_up_to(consumer, ends, boundary, world, on_event):
    while any(consumer.position(partition) < end for partition, end in ends.items()):
        for partition, records in consumer.poll(timeout_ms=200).items():
            for record in records:
                event = json.loads(record.value)
                known = boundary.get(partition)
                given(
                    f"on_event({event['type']} of order {event['order']}, position (partition {partition.partition}, "
                    f"offset {record.offset}), "
                    + (f"boundary {known} there" if known is not None else "no boundary there")
                )
                on_event(event, (partition, record.offset), dict(boundary), world)


@checks(
    "34.2",
    title="on_event",
    budget=5,
    hints=[
        "Who has sent the mail for this event: the old service, or nobody yet? A position in the log decides it, a clock can't.",
        "A committed offset is the next one to be handled. Is the event at that very offset handled or not?",
        "Each partition has a position of its own. And what do you know about one that the old service never committed?",
    ],
)
def check_on_event(on_event, trial):
    import kafka

    topic = trial.topic("orders", 3, retention_ms=-1)
    group = trial.name("old-service")
    producer = kafka.KafkaProducer(bootstrap_servers=trial.bootstrap, bootstrap_timeout_ms=5000)
    for number, orders in ORDERS.items():
        _send(producer, topic, number, orders)
    # These arrive while the rebuild runs: the old service is still there, and it is quick in partition 1.
    _send(producer, topic, 1, [19])
    producer.close()
    trial.result(trial.worker(old_service, trial.bootstrap, topic, group, trial.world, name="old service"), within=6)
    before = [recipient for recipient, _ in trial.world.mails()]
    worker = trial.worker(new_service, trial.bootstrap, topic, group, trial.world, on_event, name="new service")
    if trial.result(worker, within=6) != OLD:
        raise CannotTell("the old service's committed offsets were not those that it had committed")

    orders = [*range(1, 20)]
    mails = trial.world.mails()
    ledger = Ledger(
        accepted=[f"order {order}" for order in orders],
        found={
            "the old service's mails": [_order(recipient) for recipient in before],
            "the new service's mails": [_order(recipient) for recipient, _ in mails[len(before) :]],
        },
    )
    broken = anomalies.find_anomalies(ledger, noun="order")
    if broken:
        raise Wrong(
            f"{len(orders)} orders; the old service committed {OLD[0]} in partition 0 (0 to {OLD[0] - 1} handled), {OLD[1]} in "
            f"partition 1 (0 to {OLD[1] - 1} handled), and never read partition 2; the new one replays all from offset 0",
            anomalies=[_placed_where(anomaly) for anomaly in broken], must_hold="each order gets exactly one mail", hint=_fitting_hint(broken),
        )  # fmt: skip
    late = sum(len(orders) for arriving in ARRIVING.values() for orders in arriving.values())
    return (
        f"{len(orders)} orders, {len(before)} mailed by the old service, {late} of the others arriving during rebuild and "
        f"switch: one mail each"
    )


def _placed_where(anomaly):
    """The anomaly, with the place of its first order beside the boundary there."""
    number, offset = _places().get(anomaly.ids[0], (None, None)) if anomaly.ids else (None, None)
    if number is None:
        return anomaly
    known = f"boundary {OLD[number]} there" if number in OLD else "no boundary there"
    return replace(anomaly, witness=(*anomaly.witness, f"it was placed at partition {number}, offset {offset}; {known}"))


def _places():
    """{"order 4": (partition, offset of its `placed`)}"""
    log = {number: [*orders] for number, orders in ORDERS.items()}
    log[1].append(19)
    for arriving in ARRIVING.values():
        for number, orders in arriving.items():
            log[number] += orders
    return {f"order {order}": (number, 3 * n) for number, orders in log.items() for n, order in enumerate(orders)}


def _order(recipient):
    """The order that a mail is about: customer 7 placed order 7."""
    return str(recipient).replace("customer", "order")


def _fitting_hint(broken):
    """One too early or too late costs an order in each partition; more than that is another mistake."""
    counts = {anomaly.name: anomaly.count for anomaly in broken}
    if len(counts) == 1 and max(counts.values()) <= 3:
        return 2
    return 3 if 3 < counts.get("lost", 0) < 11 else 1


# 34.3: the switch

FIRST = {"rows": {1: 900, 2: 1900}, "positions": {0: 20, 1: 30}}
MENDED = {"rows": {1: 300, 2: 1300}, "positions": {0: 20, 1: 30}}
NEWER = {"rows": {1: 300, 2: 1300, 3: 2300}, "positions": {0: 24, 1: 30}}
NEWEST = {"rows": {1: 300, 3: 2300, 4: 3300}, "positions": {0: 28, 1: 36}}
GROWN = {"rows": {1: 300, 3: 2300, 5: 4300}, "positions": {0: 30, 1: 36, 2: 5}}
"""The topic has got one more partition, for which readers see no position yet."""
BEHIND = {"rows": {1: 300}, "positions": {0: 40, 1: 25}}
"""Ahead in partition 0, behind in partition 1: in sum further than MENDED, and still older for its readers."""

TABLE, OTHER_TABLE = "projection_next", "rebuilt_on_monday"


class _Shop:
    """A database with a projection, as readers see it, in the layout of the lab."""

    def __init__(self, trial, number, shown):
        self.path = str(trial.folder / f"shop-{number}.db")
        self.put(shown, fresh=True)

    def open(self, **options):
        db = sqlite3.connect(self.path, isolation_level=None, **{"timeout": 5, **options})
        db.execute("PRAGMA synchronous=OFF")
        return db

    def put(self, shown, fresh=False):
        """Show `shown` in one transaction. False when somebody else is writing."""
        db = self.open(timeout=0)
        try:
            if fresh:
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("CREATE TABLE projection (order_id INTEGER PRIMARY KEY, cents INTEGER)")
                db.execute("CREATE TABLE positions (partition INTEGER PRIMARY KEY, position INTEGER)")
            db.execute("BEGIN IMMEDIATE")
            db.execute("DELETE FROM projection")
            db.executemany("INSERT INTO projection VALUES (?, ?)", shown["rows"].items())
            db.execute("DELETE FROM positions")
            db.executemany("INSERT INTO positions VALUES (?, ?)", shown["positions"].items())
            db.execute("COMMIT")
            return True
        except sqlite3.OperationalError:
            if fresh:
                raise
            return False
        finally:
            db.close()

    def look(self):
        """What a reader sees: rows and positions, in one transaction."""
        db = self.open()
        try:
            db.execute("BEGIN")
            rows = dict(db.execute("SELECT order_id, cents FROM projection"))
            return {"rows": rows, "positions": dict(db.execute("SELECT partition, position FROM positions"))}
        except sqlite3.OperationalError as error:
            return str(error)
        finally:
            db.close()


def _connect(path):
    db = sqlite3.connect(path, isolation_level=None, timeout=2, factory=ProbedConnection)
    # Past the probe: only the statements of the answer are counted.
    sqlite3.Connection.execute(db, "PRAGMA synchronous=OFF")
    return db


def build_table(path, built, table=TABLE):
    """What a rebuild does before the switch: fill a table of its own, a leftover of an earlier try dropped first."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous=OFF")
    db.execute(f"DROP TABLE IF EXISTS {table}")
    db.execute(f"CREATE TABLE {table} (order_id INTEGER PRIMARY KEY, cents INTEGER)")
    db.execute("BEGIN")
    db.executemany(f"INSERT INTO {table} VALUES (?, ?)", built["rows"].items())
    db.execute("COMMIT")
    db.close()


def switch_once(path, built, switch, table=TABLE):
    """Returns what the answer returned, and what it has left open: None, or a line about it."""
    from kafka import TopicPartition

    offsets = {TopicPartition("orders", number): offset for number, offset in built["positions"].items()}
    db = _connect(path)
    given(f"switch(db, {table!r}, {{{', '.join(f'partition {n}: {o}' for n, o in built['positions'].items())}}})")
    value = switch(db, table, offsets)
    if db.in_transaction:
        return value, "a transaction is still open (db.in_transaction is True)"
    other = sqlite3.connect(path, isolation_level=None, timeout=0)
    try:
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        return value, f"nobody else can write ({error})"
    finally:
        other.close()
    return value, None


@checks(
    "34.3",
    title="switch",
    budget=5,
    hints=[
        "At every moment, also after a kill, a reader must find one of two things: all of the old projection with its positions, or all of the new one with its own. What makes several statements one?",
        "A rebuild that started earlier may finish later. What, beside its rows, tells you whether it is older than what readers see?",
        "Looking first and swapping later are two moments. What could another rebuild have done in between?",
    ],
)
def check_switch(switch, trial):
    whole = "a reader sees the whole old projection with its positions, or the whole new one with its own"
    operations = _check_clean(switch, trial, whole)
    _check_every_statement(switch, trial, operations, whole)
    _check_again(switch, trial, whole)
    _check_older(switch, trial)
    _check_race(switch, trial, operations)
    return [
        f"looked at after each of {', '.join(operations)}, and after a kill there: old or new, whole",
        "a rebuild that is behind in one partition is refused, also when a newer one got in just before",
    ]


def _switch(trial, shop, built, switch, table=TABLE, **options):
    build_table(shop.path, built, table)
    return trial.worker(switch_once, shop.path, built, switch, table, **options)


def _expect_answer(trial, worker, wanted, circumstance):
    value, left = trial.result(worker)
    if value is not wanted:
        raise Wrong(
            circumstance, f"switch returned {value!r}",
            must_hold="switch returns True when readers see the new table from now on, False when it was refused",
            hint=2,
        )  # fmt: skip
    if left:
        raise Wrong(
            circumstance, f"switch returned {value!r}, and {left}", hint=None,
            must_hold="when switch returns, nothing is open: others can write, and the next statement on db is a transaction by itself",
        )  # fmt: skip


def _told(look):
    """A look in a line: "orders 1: 900, 2: 1900 at positions 20, 30"."""
    if isinstance(look, str):
        return look
    rows = ", ".join(f"{order}: {cents}" for order, cents in look["rows"].items()) or "none"
    return f"orders {rows} at positions {', '.join(map(str, look['positions'].values())) or 'none'}"


def _judge_looks(looks, complete, circumstance, must_hold, hint=1):
    broken = anomalies.find_half_built([*map(_told, looks)], [*map(_told, complete)], noun="look")
    if broken:
        raise Wrong(circumstance, anomalies=broken, must_hold=must_hold, hint=hint)


def _check_clean(switch, trial, whole):
    """The mended fold over the same log: other rows, the same positions. Returns the answer's operations."""
    shop = _Shop(trial, "clean", FIRST)
    circumstance = "the mended projection, built from the same log as the one that readers see"
    worker = _switch(trial, shop, MENDED, switch, name="clean")
    value, _ = trial.result(worker)
    look = shop.look()
    _judge_looks([look], [FIRST, MENDED], circumstance, whole)
    if look != MENDED:
        raise Wrong(
            circumstance, f"switch returned {value!r}, and readers still see the old one",
            must_hold="after a switch readers see the new projection, also when it covers the same log", hint=2,
        )  # fmt: skip
    _expect_answer(trial, worker, True, circumstance)
    return [
        entry["what"]
        for entry in trial.history.records()
        if entry["who"] == "clean" and entry["phase"] == "start" and entry["what"] != "worker"
    ]


def _check_every_statement(switch, trial, operations, whole):
    """Held right after each statement: look, kill it there, look again, start anew.

    Right before the next one would be the same: between two statements nothing reaches the database.
    """
    trial.again()
    held = []
    for n, operation in enumerate(operations, 1):
        name = f"after {operation} {n}"
        shop = _Shop(trial, name.replace(" ", "-"), FIRST)
        worker = _switch(trial, shop, NEWER, switch, name=name, fault=f"hold after * {n}")
        held.append((n, operation, name, shop, worker))
    # Each has a database of its own, so they may all run at once.
    for n, operation, name, shop, worker in held:
        if not worker.wait_held():
            trial.expect_no_error(worker.finish())
            raise CannotTell(f"switch made fewer than {n} statements this time")
        looks = [shop.look()]
        worker.kill()
        looks.append(shop.look())
        circumstance = f"looks during the switch: one after its {operation}, and one after a kill there"
        _judge_looks(looks, [FIRST, NEWER], circumstance, whole)
        # The rebuild is started anew: its leftovers are dropped, its table is filled again.
        _expect_answer(
            trial, _switch(trial, shop, NEWER, switch, name=f"anew {name}"), True,
            f"killed after its {operation}, and the rebuild was run again",
        )  # fmt: skip
        _judge_looks([*looks, shop.look()], [FIRST, NEWER], f"{circumstance}, and one after a second run", whole)


def _check_again(switch, trial, whole):
    """Three rebuilds in a row in one database: whatever a switch leaves behind must not be in the next one's way.

    The second fills a table of another name, the third covers a partition that is new.
    """
    trial.again()
    shop = _Shop(trial, "again", FIRST)
    looks = [shop.look()]
    for built, table, name in (
        (MENDED, TABLE, "the first rebuild"),
        (NEWER, OTHER_TABLE, f"the second rebuild, in {OTHER_TABLE}"),
        (GROWN, TABLE, "the third rebuild, after a partition was added"),
    ):
        _expect_answer(trial, _switch(trial, shop, built, switch, table), True, f"three rebuilds in a row: {name}")
        looks.append(shop.look())
    _judge_looks(
        looks, [FIRST, MENDED, NEWER, GROWN],
        f"three rebuilds in a row, a look after each; the second is in {OTHER_TABLE}, the third covers a partition more", whole,
    )  # fmt: skip


def _check_older(switch, trial):
    for built, shown, why in (
        (FIRST, NEWEST, "readers see positions 28 and 36; a rebuild that covers 20 and 30 comes late"),
        (BEHIND, MENDED, "readers see positions 20 and 30; a rebuild that covers 40 and 25 wants to switch"),
    ):
        shop = _Shop(trial, f"older-{built['positions'][0]}", shown)
        worker = _switch(trial, shop, built, switch)
        trial.result(worker)
        _judge_looks(
            [shown, shop.look()], [built, shown], why,
            "no partition of what readers see ever goes back", hint=2,
        )  # fmt: skip
        _expect_answer(trial, worker, False, why)


def _check_race(switch, trial, operations):
    """A newer rebuild gets in right before the n-th statement of an older one, or has to wait for it."""
    trial.again()
    for n in range(2, len(operations) + 1):
        shop = _Shop(trial, f"race-{n}", FIRST)
        worker = _switch(trial, shop, NEWER, switch, name=f"race {n}", fault=f"hold before * {n}")
        if not worker.wait_held():
            raise CannotTell(f"switch made fewer than {n} statements this time")
        looks = [shop.look()]
        got_in = shop.put(NEWEST)
        looks.append(shop.look())
        worker.release()
        outcome = trial.outcome(worker)
        if outcome.error and outcome.error.kind != "OperationalError":
            raise Raised(*outcome.error.lines)
        # SQLite itself may refuse the older one ("database is locked"): then it has changed nothing.
        if outcome.kind == "overran":
            raise Wrong("stuck: a switch had not returned after 3 s", must_hold="switch returns")
        if not got_in:
            shop.put(NEWEST)
        looks.append(shop.look())
        _judge_looks(
            looks, [FIRST, NEWER, NEWEST], f"a newer rebuild switched right before the {operations[n - 1]} of an older one",
            "an older projection never replaces a newer one, whoever comes in between", hint=3,
        )  # fmt: skip
        if not got_in:
            # The answer holds the database for writing: nobody gets in any more.
            return
