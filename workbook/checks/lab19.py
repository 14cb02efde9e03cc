"""Lab 19: jobs that are interrupted and resumed. How the answers to 19.1, 19.2, 19.3 and 19.4 are judged.

The layout: jobs are JSON (lab 11) in the list `jobs`, and carry how far they are in `cursor`; what worker w has taken is in
`processing:w` (lab 15); `retry` and `dead` are sorted sets (lab 13). The shop's own database (SQLite) has its customers; a
shop that is being moved stands in the table `locked`.

Nothing is timed. Judged is which rows were worked on, how often and in which order, and where the job is then: after every
interruption, and after SIGKILL at every point.
"""

import ast
import contextlib
import dataclasses
import inspect
import json
import random
import re
import sqlite3
import textwrap
import time
from pathlib import Path

import cloudpickle

from workbook import anomalies, faults
from workbook.anomalies import Ledger
from workbook.checks.jobs import id_of, ids_in, listed, read_job
from workbook.exercises import checks
from workbook.faults import Fault, ProbedConnection, crash_points, given
from workbook.taught.lab11 import job
from workbook.verdicts import CannotTell, Wrong

BROKERS = ("redis",)

SCHEMA = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, shop TEXT NOT NULL, joined TEXT NOT NULL, paid INTEGER DEFAULT 0);
CREATE TABLE locked (shop TEXT PRIMARY KEY);
CREATE TABLE done (id TEXT PRIMARY KEY, result, at TEXT DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE log (number INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT);
"""

LAMPS = {
    12: "2026-11-23", 3: "2026-11-24", 4: "2026-11-24", 9: "2026-11-24", 10: "2026-11-24", 21: "2026-11-24",
    2: "2026-11-25", 7: "2026-11-25", 30: "2026-11-25", 5: "2026-11-26", 6: "2026-11-26",
}  # fmt: skip
"""The customers of the shop `lamps`, in the order in which they joined; on one day, by their ids."""

CHAIRS = {1: "2026-11-23", 8: "2026-11-24", 11: "2026-11-25"}


class _Shop:
    """The shop's database, a new file for each experiment."""

    made = 0
    ready = {}  # a database in bytes, for each set of customers: made once

    def __init__(self, trial, lamps=LAMPS, chairs=CHAIRS):
        _Shop.made += 1
        self.path = str(trial.folder / f"shop-{_Shop.made}.db")
        key = (*lamps.items(), *chairs.items())
        if key not in self.ready:
            self._make(lamps, chairs)
            self.ready[key] = Path(self.path).read_bytes()
        else:
            Path(self.path).write_bytes(self.ready[key])

    def _make(self, lamps, chairs):
        with self.open() as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(SCHEMA)
            rows = [(id, shop, day) for shop, its in (("lamps", lamps), ("chairs", chairs)) for id, day in its.items()]
            db.execute("BEGIN")
            db.executemany("INSERT INTO customers (id, shop, joined) VALUES (?, ?, ?)", rows)
            if len(lamps) > len(FEW):
                # Who forgets that several joined on one day gets these in an order of the database's own.
                db.execute("UPDATE customers SET paid = 1000 - id")
                db.execute("CREATE INDEX by_day ON customers (shop, joined, paid)")
            db.execute("COMMIT")

    @contextlib.contextmanager
    def open(self, timeout=5):
        db = sqlite3.connect(self.path, isolation_level=None, timeout=timeout)
        db.execute("PRAGMA synchronous=OFF")  # processes are killed here, machines are not
        try:
            yield db
        finally:
            db.close()

    def read(self, sql):
        with self.open() as db:
            return [row[0] for row in db.execute(sql)]

    def lock(self, shop="lamps", timeout=5):
        """Lock the shop and note it in the log, in one transaction; False when somebody else was writing."""
        with self.open(timeout) as db:
            try:
                db.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            db.execute("INSERT INTO locked VALUES (?)", (shop,))
            db.execute("INSERT INTO log (what) VALUES ('locked')")
            db.execute("COMMIT")
            return True

    def unlock(self):
        with self.open() as db:
            db.execute("DELETE FROM locked")


def _connect(path):
    db = sqlite3.connect(path, isolation_level=None, timeout=5, factory=ProbedConnection)
    sqlite3.Connection.execute(db, "PRAGMA synchronous=OFF")  # past the probe
    return db


def _empty(trial):
    """Nothing in Redis or outside; as `trial.again()`, but the standing workers go on."""
    trial.world.forget()
    if keys := list(trial.redis.scan_iter()):
        trial.redis.delete(*keys)


TURN, TOLD = "what the check tells ", "what the check is told by "
"""Lists, one for each standing worker, empty whenever the answer runs."""
WITHIN = 3.0
"""Seconds that one experiment may take in a standing worker."""


class _Each(int):
    """As the number of a fault: each time, and not only the n-th."""

    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


def take_turns(r, name, function, *arguments):
    """What a standing worker does: each turn, call `function` with what the check sent."""
    while True:
        with faults.around("turn"):
            pass
        with faults.no_steps("redis"):
            told = r.lpop(TURN + name)
        if told is None:
            return
        value = function(r, *arguments, *cloudpickle.loads(told))
        with faults.no_steps("redis"):
            r.rpush(TOLD + name, cloudpickle.dumps(value))


class _Standing:
    """A worker that makes one experiment after another: starting a process costs more than all that happens in it.

    Nobody is killed here. Between two experiments it is held before its `turn`; with everywhere=True before each of its
    operations as well, so that the check can do something there.
    """

    def __init__(self, trial, name, function, *arguments, everywhere=False):
        hold = Fault("hold", "before", "*" if everywhere else "turn", _Each())
        self.trial, self.name = trial, name
        self.worker = trial.worker(take_turns, trial.redis, name, function, *arguments, name=name, faults=[hold])

    def __enter__(self):
        return self

    def __exit__(self, kind, error, where):
        # Its end brings what the answer printed.
        if kind is None:
            self.worker.wait_held()
            self.worker.release()
        else:
            self.worker.kill()
        self.trial.outcome(self.worker, 1.0)

    def begin(self, *arguments):
        if not self.worker.wait_held():
            raise CannotTell(f"{self.name} did not start; run the check again")
        self.trial.redis.rpush(TURN + self.name, cloudpickle.dumps(arguments))
        self.worker.release()

    def stands(self):
        """Wait until it is held: before which operation, such as "BEGIN"; None when the experiment, or it, has ended."""
        point = self.worker.wait_held(WITHIN)
        return None if point is None or point.endswith("turn") else point.split()[-1]

    def until(self, n):
        """Go on until it is held before its n-th operation, and say which that is; None when it has not so many."""
        for _ in range(n - 1):
            if self.stands():
                self.worker.release()
        return self.stands()

    def ended(self, circumstance=None):
        """Wait for the end of the experiment, and give what came out of it."""
        while self.stands():
            self.worker.release()
        if self.worker.wait_held(0):
            return cloudpickle.loads(self.trial.redis.lpop(TOLD + self.name))
        outcome = self.trial.outcome(self.worker, 0)
        self.trial.expect_no_error(outcome, circumstance)
        if outcome.kind == "overran":
            at = [e["note"] for e in self.trial.history.records() if e["who"] == self.name and e["what"] == "given"]
            raise Wrong(
                *([circumstance] if circumstance else []),
                f"stuck: {self.name} had not returned after {WITHIN:g} s: {at[-1]}", must_hold="it returns",
            )  # fmt: skip
        raise CannotTell(f"{self.name} ended on its own, without an exception; run the check again")

    def result(self, *arguments, circumstance=None):
        self.begin(*arguments)
        return self.ended(circumstance)

    def operations(self):
        """The names of the operations of the last experiment."""
        names = self.trial.operations(self.name)
        return names[len(names) - names[::-1].index("turn") :]


def _customers(ids):
    return [f"customer {id}" for id in ids]


def _judge_rows(expected, seen, circumstance, must_hold, hint=1, did="read", repeats=0, order=None):
    """End the check as WRONG unless each of these customers was seen, at most `repeats` of them again, and in order."""
    expected, seen = _customers(expected), _customers(seen)
    ledger = Ledger(accepted=expected, found={did: seen})
    broken = anomalies.find_anomalies(ledger, noun="customer")
    broken = [
        dataclasses.replace(one, witness=(f"{one.ids[0]} was never {did}",)) if one.name == "lost"
        else dataclasses.replace(one, witness=(f"{one.ids[0]} was {did} {seen.count(one.ids[0])} times",)) if one.name == "duplicated"
        else one
        for one in broken
    ]  # fmt: skip
    again = len(seen) - len(set(seen))
    if again <= repeats:
        broken = [one for one in broken if one.name != "duplicated"]
    if not broken:
        first_time = list(dict.fromkeys(seen))
        reordered = anomalies.find_reordered({"the shop": first_time}, sent={"the shop": _customers(order) if order else expected}, noun="customer")
        broken = [reordered] if reordered else []
    if broken:
        raise Wrong(circumstance, anomalies=broken, must_hold=must_hold, hint=hint)


# 19.1


IN_ORDER = "each customer of the shop is read once, by the day on which they joined and then by their id"
STAYS = "a cursor says after which customer to go on, whatever was deleted or added meanwhile"


def read_batches(r, customers_after, path, shop, size, changes, cursor, most):
    """Batch after batch, each with the last one's cursor as JSON gives it back: (batches, cursor, fetched, what is wrong).

    changes: {number of a batch: [(sql, values)]}, done when that batch was read. fetched: the most rows that one call
    fetched from the database.
    """
    batches, fetched = [], 0
    for number in range(1, most + 1):
        db = _connect(path)
        counted = []

        def count(cursor, row, counted=counted):
            counted.append(row)
            return row

        db.row_factory = count
        given(f"customers_after(db, {shop!r}, {cursor!r}, {size})")
        read = customers_after(db, shop, cursor, size)
        try:
            pairs = [(customer, then) for customer, then in read]
        except (TypeError, ValueError):
            return batches, cursor, fetched, f"it returned {read!r:.80}, and not a list of (customer, cursor)"
        fetched = max(fetched, len(counted))
        db.row_factory = None
        if any(type(customer) is not int for customer, _ in pairs):
            return batches, cursor, fetched, f"a customer is {pairs[0][0]!r:.60}, and not an id"
        if not pairs:
            return batches, cursor, fetched, None
        batches.append([customer for customer, _ in pairs])
        try:
            cursors = [json.loads(json.dumps(then)) for _, then in pairs]
        except (TypeError, ValueError):
            return batches, cursor, fetched, f"the cursor {pairs[-1][1]!r:.60} cannot be written as JSON"
        cursor = cursors[-1]
        if cursor is None:
            return batches, cursor, fetched, "the cursor of a customer is None, which means the beginning"
        for sql, values in changes.get(number, ()):
            sqlite3.Connection.execute(db, sql, values)
        db.close()
    return batches, cursor, fetched, None


ADD = "INSERT INTO customers (id, shop, joined) VALUES (?, 'lamps', ?)"
DELETE = "DELETE FROM customers WHERE id = ?"


@checks(
    "19.1",
    title="customers_after",
    budget=3,
    hints=[
        "A number of rows says where you are only as long as no row in front of you comes or goes. What do you know of the last customer that stays true?",
        "Several customers joined on one day, and a batch may end in the middle of that day. Which of them are after the cursor?",
        "What the cursor is made of goes into a job and comes out of it again: as JSON, in another process.",
    ],
)
def check_customers_after(customers_after, trial):
    trial.again()
    with _Standing(trial, "worker 1", read_batches, customers_after) as reader:
        _check_read(reader, trial)
        _check_each_cursor(customers_after, reader, trial)
        _check_deleted(reader, trial)
        _check_added(reader, trial)
        _check_nobody(reader, trial)
    return [
        f"{len(LAMPS)} customers in batches of 1, 3, 4 and 20: each once, in their order, from each one's cursor",
        "with customers deleted and added between two batches: none left out, none twice",
    ]


def _check_read(reader, trial):
    expected = list(LAMPS)
    for size in (3, 1, 4, 20):
        batches = _read(trial, reader, f"read in batches of {size}", size)
        seen = [customer for batch in batches for customer in batch]
        _judge_rows(expected, seen, f"the shop lamps, read in batches of {size}", IN_ORDER, hint=2)
        sizes = [len(batch) for batch in batches]
        if any(one != size for one in sizes[:-1]) or sizes[-1] > size:
            raise Wrong(
                f"the shop lamps has {len(LAMPS)} customers; the batches of {size} had {', '.join(map(str, sizes))}",
                must_hold="a batch has `size` customers as long as there are so many", hint=None,
            )  # fmt: skip
    chairs = [customer for batch in _read(trial, reader, "read", 2, shop="chairs") for customer in batch]
    _judge_rows(CHAIRS, chairs, "the shop chairs, read in batches of 2", IN_ORDER, hint=None)


def _read(trial, reader, circumstance, size=3, shop="lamps", changes=None, cursor=None, most=40, its=None):
    its = its or _Shop(trial)
    batches, cursor, fetched, broken = reader.result(its.path, shop, size, changes or {}, cursor, most)
    if broken:
        raise Wrong(
            circumstance, broken, hint=3 if "cursor" in broken and "list" not in broken else None,
            must_hold="it returns a list of (customer, cursor): an id, and what JSON gives back as it was",
        )  # fmt: skip
    if len(batches) == 40:
        seen = _customers(customer for batch in batches for customer in batch)
        twice = anomalies.find_repeated_effects(seen, once_per=str, noun="customer")
        raise Wrong(
            circumstance, f"after {most} batches it still returns customers", anomalies=[twice] if twice else [],
            must_hold="after the last customer it returns an empty list", hint=2,
        )  # fmt: skip
    if fetched > size + 1:
        raise Wrong(
            circumstance, f"one call fetched {fetched} rows from the database for a batch of {size}",
            must_hold="one call fetches no more rows than one batch has: a shop may have millions", hint=None,
        )  # fmt: skip
    return batches


def _check_each_cursor(customers_after, reader, trial):
    """From the cursor of each customer: a job can be interrupted in the middle of a batch."""
    its = _Shop(trial)
    pairs = trial.result(trial.worker(read_pairs, its.path, customers_after, "lamps", 20))
    for number, (customer, cursor) in enumerate(pairs, 1):
        batches = reader.result(its.path, "lamps", 4, {}, cursor, 9)[0]
        seen = [one for batch in batches for one in batch]
        where = f"read on after the cursor of customer {customer}, {cursor!r:.60}"
        _judge_rows(list(LAMPS)[number:], seen, where, IN_ORDER, hint=2)


def read_pairs(path, customers_after, shop, size):
    given(f"customers_after(db, {shop!r}, None, {size})")
    return [(customer, json.loads(json.dumps(cursor))) for customer, cursor in customers_after(_connect(path), shop, None, size)]


def _check_deleted(reader, trial):
    for gone, left_out in (((12, 3), ()), ((4,), ()), ((12, 3, 4), ()), ((9, 10), (9, 10))):
        changes = {1: [(DELETE, (id,)) for id in gone]}
        circumstance = f"batches of 3; when the first one was read (12, 3, 4), deleted: {', '.join(map(str, gone))}"
        seen = [customer for batch in _read(trial, reader, circumstance, changes=changes) for customer in batch]
        _judge_rows([id for id in LAMPS if id not in left_out], seen, circumstance, STAYS, hint=1)


def _check_added(reader, trial):
    for id, day, place in (
        (1000, "2026-11-22", None),
        (2, "2026-11-24", None),
        (1000, "2026-11-24", 21),
        (8, "2026-11-24", 4),
        (1, "2026-11-25", 21),
        (1000, "2026-11-30", 6),
    ):
        lamps = dict(LAMPS) if id not in LAMPS else {other: day for other, day in LAMPS.items() if other != id}
        chairs = {other: day for other, day in CHAIRS.items() if other != id}
        expected = list(lamps)
        where = "before the cursor: it is not seen" if place is None else "after the cursor: it is seen"
        if place is not None:
            expected.insert(expected.index(place) + 1, id)
        its = _Shop(trial, lamps, chairs)
        circumstance = f"batches of 3; when 12, 3 and 4 were read, customer {id} was added with the day {day}, {where}"
        batches = _read(trial, reader, circumstance, changes={1: [(ADD, (id, day))]}, its=its)
        _judge_rows(expected, [one for batch in batches for one in batch], circumstance, STAYS, hint=1)


def _check_nobody(reader, trial):
    circumstance = "the shop nobody's has no customers"
    read = [customer for batch in _read(trial, reader, circumstance, 2, shop="nobody's") for customer in batch]
    _judge_rows([], read, circumstance, IN_ORDER, hint=None)


# 19.2


ROWS = 4
EXACTLY = "interrupted after whichever row, each row is worked on exactly once, in order"
CRASHED = "after a crash or an exception no row is left out, and only rows since the last checkpoint are worked on again"
ONE_PLACE = "the job is in one place at every moment: held with its cursor, or waiting with its cursor"


class Declined(Exception):
    """What a row raises that does not work."""


class Newsletter:
    """The job of the checks: customers 1, 2, 3 …, a mail to each, and one charge when it is complete."""

    def __init__(self, world, rows, fails_at=None):
        self.world, self.rows, self.fails_at, self.sent = world, rows, fails_at, 0

    def build_enumerator(self, args, cursor):
        if self.rows % 2:  # the cursor of the first row is 0
            for n in range(1 if cursor is None else cursor + 2, self.rows + 1):
                yield n, n - 1
        else:
            for n in range(1 if cursor is None else cursor["after"] + 1, self.rows + 1):
                yield n, {"after": n}

    def each_iteration(self, args, n):
        if n == self.fails_at:
            raise Declined(f"the address of customer {n} is wrong")
        self.world.mail(n, args["text"])
        self.sent += 1

    def on_complete(self, args):
        self.world.charge("newsletter-1", 100)


def _take(r, worker):
    with faults.no_steps("redis"):
        return r.lmove("jobs", f"processing:{worker}", "RIGHT", "LEFT")


def run_job(r, iterate, worker, world, rows, every, stop_after, fails_at=None):
    """Take the next job and run it; from `stop_after` rows of this run on the worker is asked to stop."""
    raw = _take(r, worker)
    newsletter = Newsletter(world, rows, fails_at)

    def stopping():
        return stop_after is not None and newsletter.sent >= stop_after

    given(f"iterate(r, {worker!r}, {raw!r}, job, stopping, every={every})")
    try:
        return iterate(r, worker, raw, newsletter, stopping, every)
    except Declined:
        return "raised"


INVOICE = job("invoice", {"order": 7}, "invoice-7")


@checks(
    "19.2",
    title="iterate",
    budget=5,
    hints=[
        "The worker can be killed between any two of your operations, and somebody else goes on with what Redis then has. Does that know which row comes next?",
        "Count the moments in which the job is in neither list, or in both. What would make it one step, and what if the job has been given to another worker meanwhile?",
        "When may a cursor move past a row? And what does a run that is asked to stop at its very beginning leave behind?",
    ],
)
def check_iterate(iterate, trial):
    trial.again()
    trial.newsletters = 0
    with _Standing(trial, "worker 1", run_job, iterate) as first, _Standing(trial, "worker 2", run_job, iterate) as other:
        _check_whole(first, trial)
        points = _check_interrupted(first, other, trial)
        _check_no_progress(first, trial)
        _check_row_that_fails(first, other, trial)
        kills = _check_iterate_killed(iterate, first, other, trial)
        _check_zombie(iterate, trial)
    return [
        f"interrupted at {points} points: {ROWS} rows, each once and in order, and on_complete once",
        f"SIGKILL at {kills} points: no row left out, at most `every` rows again, the job in one place",
    ]


def _begin(trial):
    """A newsletter waits, an invoice behind it: its bytes. Each has an id of its own, since a process makes several."""
    _empty(trial)
    trial.newsletters += 1
    todo = json.loads(job("newsletter", {"text": "Winter sale"}, f"newsletter-{trial.newsletters}"))
    raw = json.dumps({**todo, "attempts": 2, "crashes": 1}).encode()
    trial.redis.lpush("jobs", raw, INVOICE)
    return raw


def _run(trial, standing, circumstance=None, *, rows=ROWS, every=1, stop_after=None, fails_at=None):
    """The job is run in a standing worker, whose list is that of its name: what `iterate` returned."""
    return standing.result(standing.name, trial.world, rows, every, stop_after, fails_at, circumstance=circumstance)


def _judge_one_place(trial, circumstance, finished=False, *, hint=2, workers=("worker 1",), also=None, id):
    """End the check as WRONG unless the job is in one place, or in none when it is finished."""
    found = {"jobs": [one for one in ids_in(trial) if one == id], **(also or {})}
    for worker in workers:
        found[f"the list of {worker}"] = ids_in(trial, f"processing:{worker}")
    if finished and not any(found.values()):
        return
    broken = anomalies.find_anomalies(Ledger(accepted=[id], found=found), records=trial.history.records())
    if broken:
        raise Wrong(circumstance, anomalies=broken, must_hold=ONE_PLACE, hint=hint)


def _mailed(trial):
    return [int(number) for number, _ in trial.world.mails()]


def _expect_value(value, expected, circumstance, what="iterate"):
    if value != expected:
        raise Wrong(
            circumstance, f"{what} returned {value!r}", must_hold=f"then it returns {expected!r}", hint=None
        )


def _judge_finished(trial, circumstance, raw):
    """The job is nowhere, and on_complete was called, once."""
    left = [one for one in ids_in(trial) if one == id_of(raw)] + ids_in(trial, "processing:worker 1")
    if left:
        raise Wrong(circumstance, f"{id_of(raw)} is still there", must_hold="a job that is done is finished: it leaves the worker's list", hint=None)
    times = len(trial.world.charges())
    if times != 1:
        raise Wrong(circumstance, f"on_complete was called {times} times", must_hold="on_complete is called when the last row is done, once", hint=3)


def _check_whole(first, trial):
    for every in (1, 3):
        raw = _begin(trial)
        circumstance = f"{id_of(raw)} to {ROWS} customers, not interrupted, with every={every}"
        value = _run(trial, first, circumstance, every=every)
        _judge_rows(range(1, ROWS + 1), _mailed(trial), circumstance, EXACTLY, did="worked on", hint=None)
        _judge_finished(trial, circumstance, raw)
        _expect_value(value, "done", circumstance)
    raw = _begin(trial)
    circumstance = f"{id_of(raw)} to no customer at all"
    _run(trial, first, circumstance, rows=0)
    _judge_finished(trial, circumstance, raw)


def _judge_waits(trial, circumstance, raw):
    """It is the next job, as it was but for its cursor, and no worker has it."""
    _judge_one_place(trial, circumstance, id=id_of(raw))
    if ids_in(trial, "processing:worker 1"):
        stuck = anomalies.find_stuck({"worker 1": ids_in(trial, "processing:worker 1")}, records=trial.history.records())
        raise Wrong(circumstance, anomalies=[stuck], must_hold="an interrupted job leaves the worker's list", hint=2)
    waiting = listed(trial)
    if id_of(waiting[0]) != id_of(raw):
        raise Wrong(circumstance, f"in jobs, the next one first: {', '.join(map(id_of, waiting))}", must_hold="the interrupted job is to be taken next", hint=None)
    _judge_same(json.loads(raw), read_job(waiting[0]), circumstance)


def _judge_same(was, now, circumstance):
    changed = {key for key in {*was, *now} if was.get(key) != now.get(key)} - {"cursor"}
    if changed:
        told = "; ".join(f"{key} was {was.get(key)!r}, now {now.get(key)!r}" for key in sorted(changed))
        raise Wrong(circumstance, told, must_hold="but for its cursor the job stays as it was: no attempt, no crash is counted", hint=None)


def _check_interrupted(first, other, trial):
    points = 0
    for every in (1, 3):
        for stop_after in range(1, ROWS + 1):
            points += 1
            circumstance = f"asked to stop after row {stop_after} of {ROWS}, with every={every}"
            raw = _begin(trial)
            value = _run(trial, first, circumstance, every=every, stop_after=stop_after)
            _judge_rows(
                range(1, stop_after + 1), _mailed(trial), circumstance, "when the worker is asked to stop, no other row is begun", did="worked on", hint=None
            )
            if stop_after < ROWS or value != "done":
                _judge_waits(trial, circumstance, raw)
                _expect_value(value, "interrupted", circumstance)
                circumstance += "; then another worker took the job"
                _run(trial, other, circumstance, every=every)
            _judge_rows(range(1, ROWS + 1), _mailed(trial), circumstance, EXACTLY, did="worked on", hint=3)
            _judge_finished(trial, circumstance, raw)
    return points


def _check_no_progress(first, trial):
    """Each worker is asked to stop before it has begun a row."""
    _begin(trial)
    for n in range(1, ROWS + 3):
        circumstance = f"{n} workers, each asked to stop right at its start; {ROWS} rows"
        value = _run(trial, first, circumstance, stop_after=0)
        if value == "done":
            break
    mailed = _mailed(trial)
    wanted = range(1, ROWS + 1) if value == "done" else dict.fromkeys(mailed)
    _judge_rows(wanted, mailed, circumstance, EXACTLY, did="worked on", hint=3)
    if value != "done":
        raise Wrong(
            circumstance, f"rows worked on: {len(mailed)}", hint=3,
            must_hold="each run works on at least one row, however early it is asked to stop",
        )  # fmt: skip


def _check_row_that_fails(first, other, trial):
    for every in (1, 3):
        circumstance = f"row 4 of 5 raises, with every={every}"
        raw = _begin(trial)
        value = _run(trial, first, circumstance, rows=5, every=every, fails_at=4)
        if value != "raised":
            raise Wrong(
                circumstance, f"iterate returned {value!r}; rows worked on: {', '.join(map(str, _mailed(trial)))}",
                must_hold="a row that fails is not passed over: its exception comes out of iterate", hint=None,
            )  # fmt: skip
        _judge_rows([1, 2, 3], _mailed(trial), circumstance, "rows come one after the other", did="worked on", hint=None)
        _judge_one_place(trial, circumstance, id=id_of(raw))
        held = listed(trial, "processing:worker 1")
        if not held:
            raise Wrong(circumstance, f"worker 1 does not hold {id_of(raw)} any more", must_hold="what becomes of a job that failed its worker decides: it still holds the job, with its cursor", hint=None)
        _judge_same(json.loads(raw), read_job(held[0]), circumstance)
        trial.redis.lmove("processing:worker 1", "jobs", "LEFT", "RIGHT")
        circumstance += "; tried again, it works"
        _run(trial, other, circumstance, rows=5, every=every)
        _judge_rows(range(1, 6), _mailed(trial), circumstance, CRASHED, did="worked on", repeats=every - 1, hint=3)


def _check_iterate_killed(iterate, first, other, trial):
    """Killed at each point: every=1 to the end, and every=2 until asked to stop between two checkpoints."""
    kills = 0
    for every, stop_after, rows in ((1, None, 3), (2, 3, 4)):
        _begin(trial)
        _run(trial, first, rows=rows, every=every, stop_after=stop_after)
        for point in crash_points(first.operations()):
            kills += 1
            name = f"worker {kills + 2}"
            raw = _begin(trial)
            worker = trial.worker(
                run_job, trial.redis, iterate, name, trial.world, rows, every, stop_after, name=name, fault=point
            )
            outcome = trial.outcome(worker)
            trial.expect_no_error(outcome)
            trial.expect_fault(outcome, point)
            circumstance = f"{id_of(raw)} to {rows} customers with every={every}; {name} was {outcome.fault}"
            _judge_one_place(trial, circumstance, finished=bool(trial.world.charges()), workers=(name,), id=id_of(raw))
            again = trial.redis.lmove(f"processing:{name}", "jobs", "LEFT", "RIGHT")
            if id_of(listed(trial)[0]) == id_of(raw):
                circumstance += ", and another worker took the job" if again else ", and another worker took it from jobs"
                _run(trial, other, circumstance, rows=rows, every=every)
            _judge_rows(range(1, rows + 1), _mailed(trial), circumstance, CRASHED, did="worked on", repeats=every, hint=1)
    return kills


def _check_zombie(iterate, trial):
    """The job goes to another worker while this one stands before one of its operations."""
    mine, theirs = "processing:a slow worker", "processing:another worker"
    with _Standing(trial, "a slow worker", run_job, iterate, everywhere=True) as slow:
        for stop_after in (2, None):
            rows, n = (stop_after or 2) + 1, 0
            while True:
                n += 1
                raw = _begin(trial)
                slow.begin(slow.name, trial.world, rows, 1, stop_after)
                at = slow.until(n)
                if at is None:
                    slow.ended()
                    break  # it has not so many operations
                moved = trial.redis.lmove(mine, theirs, "RIGHT", "LEFT")
                circumstance = f"a worker was silent for too long, before its {at}, and {id_of(raw)} was given to another worker"
                value = slow.ended(circumstance)
                if moved is None:
                    continue
                _judge_one_place(trial, circumstance, workers=(slow.name, "another worker"), id=id_of(raw))
                if listed(trial, theirs) != [moved]:
                    robbed = anomalies.find_robbed({"another worker": [id_of(raw)]}, {"another worker": ids_in(trial, theirs)})
                    raise Wrong(circumstance, anomalies=[robbed] if robbed else [], must_hold="a worker touches only the job that is in its own list", hint=2)
                _expect_value(value, "gone", circumstance)


# 19.3


DUE = 5000.0
LOCKED = "nothing of a shop is written once it is locked"
PAUSED = "the job of a locked shop waits in `retry` until it is due, with its cursor, and nothing is counted"


class Fees:
    """The job of the checks: write to each customer of a shop. It writes twice for each, and opens no transaction.

    It charges the customer too, which no ROLLBACK takes back, and sends a mail when it is complete.
    """

    def __init__(self, db, world, fails_at=None):
        self.db, self.world, self.fails_at = db, world, fails_at

    def build_enumerator(self, args, cursor):
        with faults.no_steps("sqlite"):
            found = self.db.execute("SELECT id FROM customers WHERE shop = ? AND id > ? ORDER BY id", (args["shop"], cursor or 0))
            ids = [row[0] for row in found.fetchall()]
        for id in ids:
            yield id, id

    def each_iteration(self, args, customer):
        with faults.no_steps("charge"):
            self.world.charge(customer, 900)
        self.db.execute("UPDATE customers SET paid = paid + 900 WHERE id = ?", (customer,))
        if customer == self.fails_at:
            raise Declined(f"customer {customer} has no contract")
        self.db.execute("INSERT INTO log (what) VALUES (?)", (customer,))

    def on_complete(self, args):
        with faults.no_steps("mail"):
            self.world.mail(args["shop"], "all is written")


def run_throttled(r, iterate_throttled, worker, path, world, stop_after=None, fails_at=None):
    raw = _take(r, worker)
    db = _connect(path)
    asked = []

    def stopping():
        asked.append(True)
        return stop_after is not None and len(asked) >= stop_after

    given(f"iterate_throttled(r, {worker!r}, {raw!r}, job, stopping, db, due={DUE})")
    try:
        value = iterate_throttled(r, worker, raw, Fees(db, world, fails_at), stopping, db, DUE)
    except Declined:
        value = "raised"
    left_open = db.in_transaction
    db.close()
    return value, left_open


FEES = json.dumps({**json.loads(job("fees", {"shop": "lamps"}, "fees-lamps")), "attempts": 2}).encode()
FEES_CHAIRS = job("fees", {"shop": "chairs"}, "fees-chairs")
FEW = {1: "2026-11-23", 2: "2026-11-23", 3: "2026-11-23"}


@checks(
    "19.3",
    title="iterate_throttled",
    budget=5,
    hints=[
        "You looked, and the shop was not locked. How much later is the write, and who can come in between?",
        "A worker that waits for the shop has no time for anybody else. Where do jobs wait that are to be done later?",
        "At the moment at which you find the lock, what does Redis hold of this job, and under which bytes?",
    ],
)
def check_iterate_throttled(iterate_throttled, trial):
    trial.again()
    with (
        _Standing(trial, "worker 1", run_throttled, iterate_throttled) as first,
        _Standing(trial, "worker 2", run_throttled, iterate_throttled) as other,
        _Standing(trial, "a slow worker", run_throttled, iterate_throttled, everywhere=True) as slow,
    ):
        _check_open_shop(first, other, trial)
        _check_locked_shop(first, trial)
        _check_half_written(first, trial)
        points = _check_lock_between(slow, other, trial)
        kills = _check_throttled_killed(iterate_throttled, first, trial)
        _check_put_off_gone(slow, trial)
    return [
        f"locked at {points} moments, before each operation: nothing written after it, each customer once in the end",
        f"SIGKILL at {kills} points while it was put off, or given to another worker meanwhile: the job in one place",
    ]


def _begin_fees(trial, *raws):
    _empty(trial)
    trial.redis.lpush("jobs", *raws)
    return _Shop(trial, FEW, {7: "2026-11-23"})


def _run_fees(standing, its, circumstance=None, **options):
    standing.begin(standing.name, its.path, standing.trial.world, options.get("stop_after"), options.get("fails_at"))
    return _ended(standing, circumstance)


def _ended(standing, circumstance):
    value, left_open = standing.ended(circumstance)
    if left_open:
        raise Wrong(circumstance, "a transaction is still open, and nobody else can write", must_hold="when it returns or raises, no transaction is open", hint=None)
    return value


def _judge_after_lock(trial, its, circumstance):
    log = its.read("SELECT what FROM log ORDER BY number")
    after = log[log.index("locked") + 1 :]
    if after:
        raise Wrong(circumstance, f"after the lock was written: customer {', customer '.join(after)}", must_hold=LOCKED, hint=1)
    begun = [customer for customer in trial.world.charges() if customer not in log]
    if begun:
        raise Wrong(
            circumstance, f"customer {begun[0]} was charged by job.each_iteration, and what it wrote was rolled back", hint=None,
            must_hold="the row of a locked shop is not begun: no ROLLBACK takes back what it does outside of the database",
        )  # fmt: skip


def _judge_complete(trial, circumstance, times):
    found = len(trial.world.mails())
    if found != times:
        raise Wrong(
            circumstance, f"job.on_complete was called {found} times", hint=None,
            must_hold="as in `iterate`, on_complete is called when the last row is done, once",
        )  # fmt: skip


def _judge_put_off(trial, circumstance, worker="worker 1", id="fees-lamps", was=FEES):
    """The job is in `retry`, once, due at DUE, as it was but for its cursor."""
    put_off = trial.redis.zrange("retry", 0, -1, withscores=True)
    also = {"retry": [id_of(raw) for raw, _ in put_off]}
    _judge_one_place(trial, circumstance, workers=(worker,), also=also, id=id)
    if not put_off:
        where = "jobs, to be taken at once" if id in ids_in(trial) else f"the list of {worker}"
        raise Wrong(circumstance, f"{id} is in {where}", must_hold=PAUSED, hint=2)
    if put_off[0][1] != DUE:
        raise Wrong(circumstance, f"its score in retry is {put_off[0][1]:g}; `due` was {DUE:g}", must_hold=PAUSED, hint=None)
    now = read_job(put_off[0][0])
    if now is None:
        raise Wrong(circumstance, "what is in retry is no job", must_hold=PAUSED, hint=None)
    _judge_same(json.loads(was), now, circumstance)


def _bring_back(trial):
    for raw in trial.redis.zrange("retry", 0, -1):
        trial.redis.lpush("jobs", raw)
    trial.redis.delete("retry")


def _check_open_shop(first, other, trial):
    circumstance = "no shop is locked"
    its = _begin_fees(trial, FEES)
    value = _run_fees(first, its, circumstance)
    _judge_rows(FEW, map(int, _written(its)), circumstance, EXACTLY, did="written", hint=None)
    _judge_complete(trial, circumstance, 1)
    _expect_value(value, "done", circumstance, "iterate_throttled")
    circumstance = "no shop is locked, and the worker is asked to stop after customer 1"
    its = _begin_fees(trial, FEES)
    value = _run_fees(first, its, circumstance, stop_after=1)
    _expect_value(value, "interrupted", circumstance, "iterate_throttled")
    circumstance += "; then another worker took the job"
    _run_fees(other, its, circumstance)
    _judge_rows(FEW, map(int, _written(its)), circumstance, EXACTLY, did="written", hint=None)


def _check_locked_shop(first, trial):
    circumstance = "the shop lamps is locked from the start"
    its = _begin_fees(trial, FEES, FEES_CHAIRS)
    its.lock()
    value = _run_fees(first, its, circumstance)
    _judge_after_lock(trial, its, circumstance)
    _judge_put_off(trial, circumstance)
    _judge_complete(trial, circumstance, 0)
    _expect_value(value, "throttled", circumstance, "iterate_throttled")
    circumstance = "the shop lamps is locked, and the job of the shop chairs comes"
    value = _run_fees(first, its, circumstance)
    written = its.read("SELECT what FROM log ORDER BY number")
    if written != ["locked", "7"] or value != "done":
        raise Wrong(circumstance, f"it returned {value!r}; written: {len(written) - 1} of 1 customers", must_hold="only the locked shop's job waits", hint=None)


def _check_half_written(first, trial):
    circumstance = "customer 2 raises between its two writes"
    its = _begin_fees(trial, FEES)
    value = _run_fees(first, its, circumstance, fails_at=2)
    if value != "raised":
        raise Wrong(circumstance, f"iterate_throttled returned {value!r}", must_hold="a row that fails is not passed over: its exception comes out", hint=None)
    paid = its.read("SELECT paid FROM customers WHERE shop = 'lamps' ORDER BY id")
    if paid != [900, 0, 0]:
        raise Wrong(circumstance, f"written: {', '.join(f'customer {id} {cents}' for id, cents in zip(FEW, paid))}", must_hold="of a row that fails nothing is written, and the rows before it stay written", hint=None)


def _check_lock_between(slow, other, trial):
    """The shop is locked while a worker stands before its n-th operation, or as soon after it as nobody is writing."""
    points = put_off = 0
    while True:
        its = _begin_fees(trial, FEES)
        slow.begin(slow.name, its.path, trial.world)
        at = slow.until(points + 1)
        if at is None:
            _ended(slow, "no shop is locked")
            break  # it has not so many operations
        points += 1
        nth = slow.operations().count(at) + 1
        circumstance = f"a worker stood before its {at} number {nth} when the shop lamps was locked"
        before = len(_written(its))
        while not (locked := its.lock(timeout=0)) and slow.stands():
            slow.worker.release()
        rows = len(_written(its)) - before
        if not locked and not its.lock(timeout=0) or rows > 1:
            raise Wrong(
                f"a worker stood before its {at} number {nth} when somebody wanted to lock the shop lamps",
                f"they had to wait for {rows} customers", must_hold="a transaction lasts for one row", hint=None,
            )  # fmt: skip
        value = _ended(slow, circumstance)
        _judge_after_lock(trial, its, circumstance)
        if value == "done":
            continue
        put_off += 1
        _judge_put_off(trial, circumstance, slow.name)
        its.unlock()
        _bring_back(trial)
        circumstance += ", was unlocked, and the job was due"
        _run_fees(other, its, circumstance)
        _judge_rows(FEW, map(int, _written(its)), circumstance, EXACTLY, did="written", hint=3)
    if not put_off:
        raise CannotTell("the lock always came after the last customer; run the check again")
    return points


def _check_put_off_gone(slow, trial):
    """The job goes to another worker while this one, which puts it off, stands before one of its operations."""
    theirs, n = "processing:another worker", 0
    while True:
        n += 1
        its = _begin_fees(trial, FEES)
        its.lock()
        slow.begin(slow.name, its.path, trial.world)
        at = slow.until(n)
        if at is None:
            _ended(slow, "the shop lamps is locked")
            return
        moved = trial.redis.lmove(f"processing:{slow.name}", theirs, "RIGHT", "LEFT")
        circumstance = f"the shop lamps is locked; before its {at} a worker was silent for too long, and fees-lamps was given to another worker"
        value = _ended(slow, circumstance)
        if moved is None:
            continue
        also = {"retry": [id_of(raw) for raw in trial.redis.zrange("retry", 0, -1)]}
        _judge_one_place(trial, circumstance, workers=(slow.name, "another worker"), also=also, hint=3, id="fees-lamps")
        if listed(trial, theirs) != [moved]:
            robbed = anomalies.find_robbed({"another worker": ["fees-lamps"]}, {"another worker": ids_in(trial, theirs)})
            raise Wrong(circumstance, anomalies=[robbed] if robbed else [], must_hold="a worker touches only the job that is in its own list", hint=3)
        _expect_value(value, "gone", circumstance, "iterate_throttled")


def _written(its):
    return its.read("SELECT what FROM log WHERE what != 'locked' ORDER BY number")


def _check_throttled_killed(iterate_throttled, first, trial):
    its = _begin_fees(trial, FEES)
    its.lock()
    _run_fees(first, its, "the shop lamps is locked")
    points = crash_points(first.operations())
    for n, point in enumerate(points, 3):
        its, name = _begin_fees(trial, FEES), f"worker {n}"
        its.lock()
        outcome = trial.outcome(trial.worker(run_throttled, trial.redis, iterate_throttled, name, its.path, trial.world, name=name, fault=point))
        trial.expect_no_error(outcome)
        trial.expect_fault(outcome, point)
        circumstance = f"the shop lamps is locked; {name} was {outcome.fault}"
        also = {"retry": [id_of(raw) for raw in trial.redis.zrange("retry", 0, -1)]}
        _judge_one_place(trial, circumstance, workers=(name,), also=also, id="fees-lamps")
    return len(points)


# 19.4


NOW = 1000.0
LEASE = 60_000
"""Milliseconds. No lease ends within a check unless the check lets it end."""

SIMPLE = "the concrete job says which rows, what to do with one, and what comes after: all else is the framework's"
EACH_JOB = "each job charges each customer of its shop once, adds 4900 to what they have paid, and has its shop's report made"
EFFECTS = "whatever happens to workers, each customer is charged once and marked as paid once"

OTHERS_WORK = {
    "redis": "the queue", "signal": "stopping",
    "workbook.taught.lab11": "the queue", "workbook.taught.lab12": "the queue", "workbook.taught.lab13": "trying again",
    "workbook.taught.lab14": "the queue", "workbook.taught.lab15": "the queue", "workbook.taught.lab16": "doing it once",
    "workbook.taught.lab17": "the queue", "workbook.taught.lab18": "stopping",
}  # fmt: skip
"""Modules whose use says that a job does the framework's work, with what that is."""

TABLES_OF_OTHERS = {"locked": "the lock", "done": "doing it once"}


def _forbidden(cls):
    """What in the class is the framework's work: ("each_iteration", line, the word or statement, whose work) or None."""
    for name, method in vars(cls).items():
        if not inspect.isfunction(method):
            continue
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(method)))
        except (OSError, TypeError, SyntaxError):
            raise CannotTell(f"the source of {name} could not be read; run the cell with the class again") from None
        own = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)} | {cls.__name__}
        for node in ast.walk(tree):
            found = _others_work(node, own, method.__globals__)
            if not found and name != "__init__":
                found = _remembered(node)
            if found:
                return name, node.lineno, *found
    return None


def _others_work(node, own, known):
    """What a node of the source does of the framework's work: (the word, which work) or None. own: its own names."""
    if isinstance(node, (ast.Try, ast.TryStar)):
        return "try", "what becomes of a row that fails"
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        return "global" if isinstance(node, ast.Global) else "nonlocal", "remembering how far the job is"
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
        return next(((one, _whose(one)) for one in modules if _whose(one)), None)
    if isinstance(node, ast.Attribute) and node.attr == "sleep":
        return "sleep", "waiting, and trying again,"
    if isinstance(node, ast.Name) and node.id not in own and node.id in known:
        value = known[node.id]
        if value is time.sleep:
            return node.id, "waiting, and trying again,"
        module = value.__name__ if inspect.ismodule(value) else getattr(value, "__module__", None) or ""
        whose = _whose(module) or ("running the rows" if node.id in _framework() else None)
        return (node.id, whose) if whose else None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        table = re.search(r"\b(?:from|join|into|update)\s+(locked|done)\b", node.value, re.IGNORECASE)
        return (table[1], TABLES_OF_OTHERS[table[1].lower()]) if table else None
    return None


def _whose(module):
    return OTHERS_WORK.get(module) or OTHERS_WORK.get(module.split(".")[0])


def _framework():
    """The names of what runs concrete jobs, in the notebook too."""
    from workbook.taught import lab19

    ours = {name for name, value in vars(lab19).items() if getattr(value, "__module__", None) == lab19.__name__}
    return ours - {"customers_after", "customers_of", "YearlyFee"}


def _remembered(node):
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            for part in ast.walk(target):
                if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "self":
                    return f"self.{part.attr} =", "remembering how far the job is"
    return None


class Provider:
    """The payment provider as a worker sees it: it may decline one customer."""

    def __init__(self, world, declines=None):
        self.world, self.declines = world, declines

    def charge(self, order, cents, key=None):
        if str(order) == str(self.declines):
            raise Declined(f"the card of customer {order} is blocked")
        return self.world.charge(order, cents, key=key)


def run_worker(r, fee, name, path, world, declines=None, now=NOW):
    """A worker of the lab's own framework, until nothing waits: what it returned."""
    from workbook.taught.lab15 import Leases
    from workbook.taught.lab19 import Worker

    db = _connect(path)
    jobs = {
        "fee": fee(db, Provider(world, declines)),
        "report": lambda args: world.mail(args["shop"], "all have paid"),
    }
    given(f"YearlyFee(db, world), run by {name}")
    queues = ["queue:urgent", "jobs"]
    worker = Worker(
        r, name, jobs, db, Leases(r, LEASE), order=lambda: queues, now=lambda: now, rng=random.Random(now), most=3, limit=3, timeout=0
    )  # fmt: skip
    return worker.run_until_idle()


FEE = job("fee", {"shop": "lamps"}, "fee-lamps")


@checks(
    "19.4",
    title="YearlyFee",
    budget=5,
    hints=[
        "Read what the framework calls, and with what. Each of the three methods needs what it is given and the two things that the object was made with.",
        "A customer may come twice after a crash. Which of the three arguments of each_iteration is the same both times, and who outside understands it?",
        "A card that is declined is not yours to deal with. Who knows what to do with a job that raises?",
    ],
)
def check_yearly_fee(fee, trial):
    found = _forbidden(fee)
    if found:
        name, line, word, whose = found
        raise Wrong(f"{name}, line {line}, has `{word}`: {whose} is the framework's work", must_hold=SIMPLE, hint=3 if word == "try" else None)
    trial.again()
    with _Standing(trial, "worker 1", run_worker, fee) as first, _Standing(trial, "worker 2", run_worker, fee) as other:
        operations = _check_fee(first, trial)
        _check_declined(first, other, trial)
        _check_locked(first, trial)
        kills = _check_fee_killed(fee, other, operations, trial)
    trial.again()
    with (
        _Standing(trial, "worker 1", run_worker, fee, everywhere=True) as first,
        _Standing(trial, "worker 2", run_worker, fee, everywhere=True) as other,
    ):
        workers = _check_deployments(first, other, operations, trial)
    return [
        "no queue, retry, signal, lease or lock in it; rows that are declined or locked are survived",
        "the next year's job for the same shop, and the job of another shop: charged and marked, one report each",
        f"SIGTERM in each of {workers} workers, SIGKILL at {kills} points: each customer charged once, one report",
    ]


def _begin_fee(trial):
    _empty(trial)
    trial.redis.lpush("jobs", FEE)
    return _Shop(trial, FEW, {7: "2026-11-23"})


def _run_fee(standing, trial, its, circumstance, name=None, *, declines=None, now=NOW, ask_after=None):
    """One worker's life. ask_after: SIGTERM when it has made so many operations. Whether it was asked."""
    standing.begin(name or standing.name, its.path, trial.world, declines, now)
    asked = bool(ask_after and standing.until(ask_after + 1))
    if asked:
        standing.worker.terminate()
    standing.ended(circumstance)
    return asked


def _paid(its):
    """{customer of lamps: how often it was marked as paid}."""
    with its.open() as db:
        return {id: paid / 4900 for id, paid in db.execute("SELECT id, paid FROM customers WHERE shop = 'lamps' ORDER BY id")}


def _judge_effects(trial, its, circumstance, customers=FEW, reports=1, hint=2, most=1):
    charged = [int(order) for order in trial.world.charges()]
    _judge_rows(customers, charged, circumstance, EFFECTS, did="charged", hint=hint)
    with its.open() as db:
        others = db.execute("SELECT count(*) FROM customers WHERE shop = 'chairs' AND paid > 0").fetchone()[0]
    paid = _paid(its)
    wanted = {id: 1 if id in customers else 0 for id in paid}
    if paid != wanted or others:
        told = ", ".join(f"customer {id} {times:g} times" for id, times in paid.items() if times != wanted[id])
        raise Wrong(circumstance, f"4900 was added to `paid` of {told or 'a customer of another shop'}", must_hold=EFFECTS, hint=hint)
    # The report itself is a plain job: killed right after its mail, it comes again.
    sent = [shop for shop, _ in trial.world.mails()]
    if set(sent) - {"lamps"} or not reports <= len(sent) <= reports * most:
        raise Wrong(
            circumstance, f"reports on the shop lamps: {sent.count('lamps')}", hint=1,
            must_hold="when the last customer is charged, and not before, the job `report` for the shop follows, once",
        )  # fmt: skip


def _check_fee(first, trial):
    circumstance = "three customers, and nothing goes wrong"
    its = _begin_fee(trial)
    _run_fee(first, trial, its, circumstance)
    operations = first.operations()
    _judge_no_failure(trial, circumstance)
    _judge_effects(trial, its, circumstance, hint=1)
    for id, shop, customers in (("fee-lamps-next-year", "lamps", FEW), ("fee-chairs", "chairs", {7: 1})):
        circumstance = f"three customers of lamps have paid this year's fee; then came the job {id} for the shop {shop}"
        before, charged, mailed = _all_paid(its), len(trial.world.charges()), len(trial.world.mails())
        trial.redis.lpush("jobs", job("fee", {"shop": shop}, id))
        _run_fee(first, trial, its, circumstance)
        _judge_no_failure(trial, circumstance)
        _judge_rows(customers, map(int, trial.world.charges()[charged:]), circumstance, EACH_JOB, did="charged", hint=2)
        after = _all_paid(its)
        told = [f"customer {id}: {before[id]}, then {after[id]}" for id in after if after[id] - before[id] != 4900 * (id in customers)]
        if told:
            raise Wrong(circumstance, f"`paid` of {'; '.join(told)}", must_hold=EACH_JOB, hint=None)
        reports = [about for about, _ in trial.world.mails()[mailed:]]
        if reports != [shop]:
            raise Wrong(circumstance, f"reports on: {', '.join(reports) or 'no shop'}", must_hold=EACH_JOB, hint=1)
    return operations


def _all_paid(its):
    with its.open() as db:
        return dict(db.execute("SELECT id, paid FROM customers ORDER BY id"))


def _judge_no_failure(trial, circumstance):
    failed = [*trial.redis.zrange("retry", 0, -1), *trial.redis.zrange("dead", 0, -1)]
    if failed:
        reason = (read_job(failed[0]) or {}).get("reason", "no reason")
        raise Wrong(circumstance, f"{id_of(failed[0])} failed: {reason:.200}", must_hold="the job does not fail", hint=1)


def _check_declined(first, other, trial):
    """Customer 2 is declined: twice, then charged; or always."""
    for times in (3, 2):
        its = _begin_fee(trial)
        for n in range(1, 4):
            declines = 2 if n <= times else None
            circumstance = f"the provider declines customer 2 {'always' if times == 3 else 'twice'}"
            _run_fee((other, first)[n % 2], trial, its, circumstance, declines=declines, now=NOW + 5000 * n)
        dead = [read_job(raw) for raw in trial.redis.zrange("dead", 0, -1)]
        charged = [int(order) for order in trial.world.charges()]
        if times == 3 and (not dead or charged != [1]):
            raise Wrong(
                circumstance, f"charged: {', '.join(_customers(charged)) or 'nobody'}; in the dead set: {len(dead)} jobs", hint=3,
                must_hold="a customer who is declined is not passed over: the job fails there, and in the end it is dead, with its reason",
            )  # fmt: skip
        if times == 2:
            _judge_no_failure(trial, circumstance + "; then it takes the money")
            _judge_effects(trial, its, circumstance, hint=3)


def _check_locked(first, trial):
    its = _begin_fee(trial)
    its.lock()
    circumstance = "the shop lamps is locked"
    _run_fee(first, trial, its, circumstance)
    _judge_effects(trial, its, circumstance, customers=(), reports=0, hint=None)


READS = {"BEGIN", "SELECT", "LINDEX", "EXISTS", "SCAN", "GET"}
"""After these all is outside as it was before: one and the same moment for whoever dies or is asked to stop."""


def _moments(operations):
    """The numbers of the operations that change something: of the first row, of a middle one, and from the last COMMIT on."""
    rows = [n for n, name in enumerate(operations, 1) if name == "BEGIN"]
    last = len(operations) - operations[::-1].index("COMMIT")
    wanted = [*range(rows[0], rows[2]), *range(last, len(operations) + 1)]
    return [n for n in wanted if operations[n - 1] not in READS]


def _told(operations, n):
    name = operations[n - 1]
    return f"{name} number {operations[:n].count(name)}"


def _check_deployments(first, other, operations, trial):
    """A deployment comes in each worker's life, after the same number of operations: then the next one starts."""
    asked = 0
    for n in _moments(operations)[:-1]:
        its = _begin_fee(trial)
        circumstance = f"each worker got SIGTERM when it had made {n} operations, the last one its {_told(operations, n)}"
        for life in range(1, 9):
            asked += _run_fee((other, first)[life % 2], trial, its, circumstance, f"worker {life}", ask_after=n)
            if not trial.redis.llen("jobs"):
                break
        _judge_effects(trial, its, circumstance)
    if not asked:
        raise CannotTell("no worker got SIGTERM; run the check again")
    return asked


def _check_fee_killed(fee, other, operations, trial):
    points = ["kill before * 1", *(f"kill after * {n}" for n in _moments(operations))]
    for n, point in enumerate(points, 3):
        its, name = _begin_fee(trial), f"worker {n}"
        worker = trial.worker(run_worker, trial.redis, fee, name, its.path, trial.world, name=name, fault=point)
        outcome = trial.outcome(worker)
        trial.expect_no_error(outcome)
        trial.expect_fault(outcome, point)
        circumstance = f"{name} was {outcome.fault}, its lease ran out, and another worker went on"
        trial.redis.delete(f"lease:{name}")
        _run_fee(other, trial, its, circumstance, now=NOW + 10)
        _judge_effects(trial, its, circumstance, most=2)
    return len(points)
