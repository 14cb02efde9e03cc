"""Lab 16: jobs that may be done twice. How the answers to 16.1, 16.2 and 16.3 are judged.

The layout that the lab teaches: the shop's own database (SQLite) has the table `done` with a row for each job that was
done: its id, its result, and when (`at`, filled in by the database). In Redis, `seen:<id>` remembers that the job `<id>`
was queued; jobs are pushed on the left of `jobs`.

Judged is what the shop's database, the outside world and Redis hold at the end: for each job id the effect once. Time
passes by making what is remembered older, never by waiting.
"""

import contextlib
import dataclasses
import functools
import json
import sqlite3

from workbook import anomalies
from workbook.anomalies import Ledger
from workbook.checks.jobs import hash_of_its_own, ids_in
from workbook.exercises import checks
from workbook.faults import ProbedConnection, crash_points, given
from workbook.proxy import lost_reply
from workbook.verdicts import CannotTell, Wrong

BROKERS = ("redis",)

WEEKEND = 3
"""Days from Friday's delivery to Monday's redrive."""

YEARS = 4018
"""Days in eleven years: an invoice is kept for ten."""

AFTER_A_CRASH = 2.0
"""Seconds after which a delivery that follows a crash is stuck: nobody holds a lock that it could have to wait for."""

KEEP = 172_800
"""Seconds for which `enqueue_once` is asked to remember an id: not what it does unasked."""

SCHEMA = """
CREATE TABLE done (id TEXT PRIMARY KEY, result, at TEXT DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE invoices (number INTEGER PRIMARY KEY AUTOINCREMENT, order_id INTEGER);
CREATE TABLE stock (item TEXT PRIMARY KEY, pieces INTEGER);
INSERT INTO stock VALUES ('lamp', 10);
INSERT INTO sqlite_sequence VALUES ('invoices', 1000);
"""


# The shop's own database


class _Shop:
    """A shop's database of its own for each experiment, in a file."""

    made = 0

    def __init__(self, trial):
        _Shop.made += 1
        self.path = str(trial.folder / f"shop-{_Shop.made}.db")
        with self._open() as db:
            db.execute("PRAGMA journal_mode=WAL")
            db.executescript(SCHEMA)

    @contextlib.contextmanager
    def _open(self, timeout=5):
        db = sqlite3.connect(self.path, isolation_level=None, timeout=timeout)
        # No fsync: processes are killed here, machines are not.
        db.execute("PRAGMA synchronous=OFF")
        try:
            yield db
        finally:
            db.close()

    def effects(self, order):
        """What the jobs of this order have done: {place: one entry each time}."""
        with self._open() as db:
            invoices = db.execute("SELECT number FROM invoices WHERE order_id = ?", (order,)).fetchall()
            left = db.execute("SELECT pieces FROM stock").fetchone()[0]
        return {"the invoices": [f"invoice-{order}"] * len(invoices), "the stock": [f"invoice-{order}"] * (10 - left)}

    def number(self):
        """The number of the first invoice for order 7."""
        with self._open() as db:
            return db.execute("SELECT min(number) FROM invoices WHERE order_id = 7").fetchone()[0]

    def marked(self):
        """The ids that stand in `done`."""
        with self._open() as db:
            return [row[0] for row in db.execute("SELECT id FROM done")]

    def let_pass(self, days):
        """Every mark is so many days older now."""
        with self._open() as db:
            db.execute("UPDATE done SET at = datetime(at, ?)", (f"-{days} days",))

    def locked(self):
        """Whether somebody is in the middle of a transaction that writes."""
        with self._open(timeout=0) as db:
            try:
                db.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            db.execute("ROLLBACK")
            return False


# What runs in the workers


class OutOfStock(Exception):
    """What the effect of a job raises."""


def invoice(db):
    """The effect of the job `invoice-7`: an invoice, and a lamp less in stock. Returns the invoice's number."""
    number = db.execute("INSERT INTO invoices (order_id) VALUES (7)").lastrowid
    db.execute("UPDATE stock SET pieces = pieces - 1")
    return number


def invoice_without_number(db):
    """The same; it returns nothing."""
    invoice(db)


def invoice_out_of_stock(db):
    """The same, and it fails halfway."""
    db.execute("INSERT INTO invoices (order_id) VALUES (7)")
    raise OutOfStock("no lamps left")


def invoice_in_a_stock_of_its_own(db):
    """The same, and it is the database that does not want it."""
    db.execute("INSERT INTO invoices (order_id) VALUES (7)")
    db.execute("INSERT INTO stock VALUES ('lamp', 1)")


def invoice_for_70(db):
    """The effect of the job `invoice-70`. Its result is a text, and looks like a number."""
    db.execute("INSERT INTO invoices (order_id) VALUES (70)")
    return "0070"


@dataclasses.dataclass(frozen=True)
class Raises:
    """What a delivery ended with when its effect raised: this exception reached the caller."""

    name: str

    def __repr__(self):
        return f"raised {self.name}"


def _connect(path):
    db = sqlite3.connect(path, isolation_level=None, timeout=5, factory=ProbedConnection)
    # Past the probe: only the statements of the answer and of the effect are counted.
    sqlite3.Connection.execute(db, "PRAGMA synchronous=OFF")
    return db


def _deliver(db, once, id, effect):
    """One call of `once`: what it returned, or the exception's name where the effect raised one."""
    raised = []

    @functools.wraps(effect)
    def watched(db):
        try:
            return effect(db)
        except Exception as error:
            raised.append(error)
            raise

    given(f"once(db, {id!r}, {effect.__name__})")
    try:
        return once(db, id, watched)
    except Exception as error:
        if not any(isinstance(one, (OutOfStock, sqlite3.IntegrityError)) for one in raised):
            raise
        return Raises(type(error).__name__)


def deliver(path, once, id, effect):
    """One delivery of a job: (what `once` returned, whether it left a transaction open)."""
    db = _connect(path)
    return _deliver(db, once, id, effect), db.in_transaction


def deliver_each(path, once, jobs):
    """Several deliveries, one after another, on one connection, until one leaves a transaction open: as `deliver`."""
    db = _connect(path)
    values = []
    for id, effect in jobs:
        values.append(_deliver(db, once, id, effect))
        if db.in_transaction:
            return values, True
    return values, False


def charge_job(world, path, charge_once, raw):
    given(f"charge_once(world, db, {raw!r})")
    db = _connect(path)
    hash_of_its_own(charge_once)
    return charge_once(world, db, raw), db.in_transaction


def enqueue_job(r, enqueue_once, raw):
    given(f"enqueue_once(r, {raw!r}, keep={KEEP})")
    return enqueue_once(r, raw, keep=KEEP)


def enqueue_each(r, enqueue_once, raws):
    return [enqueue_job(r, enqueue_once, raw) for raw in raws]


def enqueue_through(redis_at, enqueue_once, raw):
    import redis

    return enqueue_job(redis.Redis(**redis_at), enqueue_once, raw)


# What the checks share


def _which(operations, n):
    """The n-th operation by its name: "COMMIT", or "second COMMIT" where there are more of that name."""
    name = operations[n - 1]
    if operations.count(name) == 1:
        return name
    nth = operations[:n].count(name)
    return f"{dict(enumerate(('first', 'second', 'third'), 1)).get(nth, f'{nth}th')} {name}"


def _killed(trial, worker, point, operations):
    """Wait for a worker that dies at `point`; the fault in the words of the operation that it hit."""
    outcome = trial.outcome(worker)
    trial.expect_no_error(outcome)
    trial.expect_fault(outcome, point)
    n = int(point.rsplit(" ", 1)[1])
    return outcome.fault.replace(f"its {operations[n - 1]}", f"its {_which(operations, n)}")


def _two_at_once(trial, shop, first, second, circumstance):
    """`first` stands at its `hold`; start the second, and let the first go on when the second has ended or has to wait.

    Returns what both returned. It has to wait when the first has the database's one lock for writing; until when it is
    not waited for: the judgement holds in whatever order they then get on.
    """
    locked = shop.locked()
    other = second()

    def as_far_as_it_gets():
        told = [entry for entry in trial.history.records() if entry["who"] == other.name and entry["what"] != "given"]
        return not other.alive or (locked and told[-1:] and told[-1]["phase"] == "start" and told[-1]["what"] != "worker")

    trial.until(as_far_as_it_gets)
    first.release()
    return trial.result(first, circumstance=circumstance), trial.result(other, circumstance=circumstance)


ONCE = "each of the effect's writes happens once for each job id, however often the job is delivered"


def _never(broken, what):
    """The same anomalies; of what is lost the witness says what never happened to it."""
    return [
        dataclasses.replace(one, witness=(f"{one.ids[0]} {what}",)) if one.name == "lost" else one for one in broken
    ]


def _judge_once(trial, shop, circumstance, hint=1):
    """End the check as WRONG unless invoice-7 has had its whole effect, once."""
    for place, ids in shop.effects(7).items():
        ledger = Ledger(accepted=["invoice-7"], found={place: ids})
        broken = anomalies.find_anomalies(ledger)
        if broken:
            raise Wrong(circumstance, anomalies=broken, must_hold=ONCE, hint=hint)


def _judge_answers(values, number, circumstance, what="once"):
    """End the check as WRONG unless every delivery got this number."""
    if any(type(value) is not int or value != number for value in values):
        told = f"{', then '.join(map(repr, values))}, and the number is {number}"
        raise Wrong(
            circumstance, f"{what} returned {told}", hint=None,
            must_hold="every delivery of a job gets the result of the one that did it",
        )  # fmt: skip


def _judge_closed(left_open, circumstance):
    if left_open:
        raise Wrong(
            circumstance, "a transaction is still open (db.in_transaction is True), and nobody else can write",
            must_hold="when it returns or raises, no transaction is open", hint=None,
        )  # fmt: skip


@checks(
    "16.1",
    title="once",
    budget=5,
    hints=[
        "Go through the moments between two statements. Dead there: does the database hold the effect without the mark, or the mark without the effect? What makes several statements one?",
        "Two deliveries at the same moment: both look, and neither finds a mark. Who has to wait for whom, and from which statement on?",
        "The job comes back on Monday, or after a crash, or its effect failed the first time. How long is the mark needed, and who must not have left one?",
    ],
)
def check_once(once, trial):
    shop = _Shop(trial)
    value, left_open = trial.result(trial.worker(deliver, shop.path, once, "invoice-7", invoice, name="traced"))
    operations = trial.operations("traced")
    _judge_closed(left_open, "invoice-7 was delivered for the first time")
    _judge_once(trial, shop, "invoice-7 was delivered for the first time", hint=None)
    _judge_answers([value], shop.number(), "invoice-7 was delivered for the first time")
    if "invoice-7" not in shop.marked():
        raise Wrong(
            "invoice-7 was delivered and done", f"the table done has {', '.join(shop.marked()) or 'no row'}",
            must_hold="the table done has a row with the job's id when it is done", hint=None,
        )  # fmt: skip
    _check_once_other_jobs(once, trial)
    _check_once_crashes(once, trial, operations)
    _check_once_twice_at_once(once, trial, operations)
    _check_once_monday(once, trial)
    _check_once_failing(once, trial)
    return [
        f"killed before and after each of {', '.join(dict.fromkeys(operations))}, delivered twice at once at each of them,",
        "and delivered again on Monday: invoice-7 had its effect once, and every delivery got its number",
    ]


def _check_once_other_jobs(once, trial):
    """invoice-70, whose result is a text, and invoice-7; each twice, and each time its own result."""
    trial.again()
    shop = _Shop(trial)
    jobs = [("invoice-70", invoice_for_70), ("invoice-7", invoice)]
    values, left_open = trial.result(trial.worker(deliver_each, shop.path, once, jobs * 2))
    ids = [id for id, _ in jobs * 2][: len(values)]
    circumstance = f"delivered one after another: {', '.join(ids)}"
    _judge_closed(left_open, circumstance)
    invoices = [id for id, order in (("invoice-70", 70), ("invoice-7", 7)) for _ in shop.effects(order)["the invoices"]]
    broken = anomalies.find_anomalies(Ledger(accepted=["invoice-70", "invoice-7"], found={"the invoices": invoices}))
    if broken:
        raise Wrong(circumstance, anomalies=_never(broken, "was never done"), must_hold=ONCE, hint=None)
    expected = ["0070", shop.number()] * 2
    if values != expected:
        raise Wrong(
            circumstance, f"once returned {', then '.join(map(repr, values))}; true is {', then '.join(map(repr, expected))}",
            must_hold="every delivery of a job gets the result of the one that did it, as it was", hint=None,
        )  # fmt: skip


def _check_once_crashes(once, trial, operations):
    for point in crash_points(operations):
        trial.again()
        shop = _Shop(trial)
        worker = trial.worker(deliver, shop.path, once, "invoice-7", invoice, name="worker 1", fault=point)
        told = _killed(trial, worker, point, operations)
        circumstance = f"worker 1 was {told}; then invoice-7 was delivered to worker 2"
        worker = trial.worker(deliver, shop.path, once, "invoice-7", invoice, name="worker 2")
        value, _ = trial.result(worker, within=AFTER_A_CRASH, circumstance=circumstance)
        _judge_once(trial, shop, circumstance)
        _judge_answers([value], shop.number(), circumstance)


def _check_once_twice_at_once(once, trial, operations):
    for n in range(1, len(operations) + 1):
        trial.again()
        shop = _Shop(trial)
        point = f"hold before * {n}"
        first = trial.worker(deliver, shop.path, once, "invoice-7", invoice, name="worker 1", fault=point)
        if not first.wait_held():
            trial.result(first)
            raise CannotTell(f"worker 1 was to stand still before its {_which(operations, n)}, and did not get there")
        circumstance = f"worker 1 stood right before its {_which(operations, n)} when invoice-7 was delivered to worker 2 as well"
        answers = _two_at_once(
            trial, shop, first,
            lambda: trial.worker(deliver, shop.path, once, "invoice-7", invoice, name="worker 2"), circumstance,
        )  # fmt: skip
        _judge_once(trial, shop, circumstance, hint=2)
        _judge_answers([value for value, _ in answers], shop.number(), circumstance)


def _check_once_monday(once, trial):
    """Delivered twice, and again much later, with other jobs in between; an effect may also return nothing."""
    for effect, days, when in (
        (invoice, WEEKEND, f"done on Friday, {WEEKEND} days ago, and delivered again on Monday"),
        (invoice_without_number, WEEKEND, f"done on Friday, {WEEKEND} days ago, and delivered again on Monday"),
        (invoice, YEARS, "done eleven years ago, and delivered again"),
    ):
        trial.again()
        shop = _Shop(trial)
        friday, left_open = trial.result(trial.worker(deliver_each, shop.path, once, [("invoice-7", effect)] * 2))
        circumstance = f"invoice-7 was delivered twice; its effect returned {friday[0]!r}"
        _judge_closed(left_open, circumstance)
        _judge_once(trial, shop, circumstance, hint=None)
        shop.let_pass(days=days)
        monday, _ = trial.result(trial.worker(deliver_each, shop.path, once, [("invoice-8", _nothing), ("invoice-7", effect)]))
        circumstance = f"invoice-7 was {when}"
        _judge_once(trial, shop, circumstance, hint=3)
        if effect is invoice:
            _judge_answers([*friday, *monday[1:]], shop.number(), circumstance)


def _nothing(db):
    """The effect of another job, which touches nothing that is counted."""
    return 8


def _check_once_failing(once, trial):
    for effect, name in ((invoice_out_of_stock, "OutOfStock"), (invoice_in_a_stock_of_its_own, "IntegrityError")):
        trial.again()
        shop = _Shop(trial)
        circumstance = f"the effect of invoice-7 wrote an invoice and then raised {name}"
        value, left_open = trial.result(trial.worker(deliver, shop.path, once, "invoice-7", effect), circumstance=circumstance)
        if value != Raises(name):
            raise Wrong(
                circumstance, f"once {value!r}" if isinstance(value, Raises) else f"once returned {value!r}", hint=None,
                must_hold="what the effect raises reaches the caller as it is, who decides whether to try again",
            )  # fmt: skip
        _judge_closed(left_open, circumstance)
        left = shop.effects(7)["the invoices"]
        if left or shop.marked():
            what = " and ".join(["its invoice is there"] * bool(left) + ["its id is in done"] * bool(shop.marked()))
            raise Wrong(
                f"{circumstance}; afterwards {what}", hint=3,
                must_hold="of a job that failed nothing is left: neither half an effect nor a mark",
            )  # fmt: skip
    circumstance += "; then it was delivered again on the same connection, and did not raise"
    jobs = [("invoice-7", invoice_out_of_stock), ("invoice-7", invoice)]
    values, left_open = trial.result(trial.worker(deliver_each, shop.path, once, jobs), circumstance=circumstance)
    _judge_closed(left_open, circumstance)
    _judge_once(trial, shop, circumstance, hint=3)
    _judge_answers(values[1:], shop.number(), circumstance)


# 16.2


def _charge_raw(id, order, cents=4900, **more):
    """The job as lab 11's `job` makes it; more: what a later delivery has added at its end."""
    return json.dumps({"id": id, "name": "charge", "args": {"order": order, "cents": cents}, **more}).encode()


def _charged(trial):
    """Every charge that was made, in order, as the provider has it: [(number, order, cents, key), …]."""
    with contextlib.closing(sqlite3.connect(trial.world.path)) as db:
        return db.execute("SELECT id, order_id, cents, key FROM charges ORDER BY id").fetchall()


CHARGED_ONCE = "for each job the card is charged once, however often and whenever the job is delivered"


def _judge_charged(trial, circumstance, hint=None):
    """End the check as WRONG unless charge-7, the only job, has had its charge, once; returns the charge's number.

    Without a `hint` the charges decide which one fits: a key that nobody sent is another mistake than a second key.
    """
    charges = _charged(trial)
    for _, order, cents, _ in charges:
        if (order, cents) != ("7", 4900):
            raise Wrong(
                circumstance, f"{cents} cents were charged for {order!r}, and not 4900 for '7'", hint=None,
                must_hold='it charges args["cents"] for args["order"]',
            )  # fmt: skip
    if hint is None:
        hint = 2 if charges and all(key is not None for *_, key in charges) else 1
    ledger = Ledger(accepted=["charge-7"], found={"the charges": ["charge-7"] * len(charges)})
    broken = anomalies.find_anomalies(ledger, noun="charge")
    if broken:
        raise Wrong(circumstance, anomalies=_never(broken, "was never charged"), must_hold=CHARGED_ONCE, hint=hint)
    return charges[0][0]


@checks(
    "16.2",
    title="charge_once",
    budget=5,
    hints=[
        "Nothing that you roll back takes a charge back. Who is the only one to know whether the card was charged, and by what would they recognise the second attempt?",
        "What is the same in every delivery of one job, and different between any two jobs? Look at what a retry changes, and at what Python's `hash` gives in another process.",
        "On Monday the provider has forgotten. What do you still know then, and at which moment can you begin to know it?",
    ],
)
def check_charge_once(charge_once, trial):
    shop, first = _Shop(trial), _charge_raw("charge-7", 7)
    circumstance = "the job charge-7 was delivered for the first time"
    worker = trial.worker(charge_job, trial.world, shop.path, charge_once, first, name="traced")
    value, left_open = trial.result(worker)
    operations = trial.operations("traced")
    _judge_answers([value], _judge_charged(trial, circumstance), circumstance, "charge_once")
    _judge_closed(left_open, circumstance)
    _check_other_jobs(charge_once, trial)
    _check_charge_crashes(charge_once, trial, operations)
    _check_charge_monday(charge_once, trial)
    _check_charge_crashes(charge_once, trial, operations, monday=True)
    _check_charge_twice_at_once(charge_once, trial, operations)
    return [
        f"killed before and after each of {', '.join(dict.fromkeys(operations))}, delivered twice at once at each of them,",
        "and again when the provider had forgotten its keys: charged once; two jobs of one order: charged twice",
    ]


def _check_other_jobs(charge_once, trial):
    """Two instalments of one order, of the same amount, and another order: three jobs, and three charges."""
    trial.again()
    shop = _Shop(trial)
    jobs = [("charge-7-instalment-june", 7, 4900), ("charge-7-instalment-july", 7, 4900), ("charge-8", 8, 1990)]
    circumstance = "order 7 is paid in two instalments of 4900 cents, june and july; then order 8 with 1990 cents"
    ids, found = [id for id, _, _ in jobs], []
    for id, order, cents in jobs:
        before = len(_charged(trial))
        raw = _charge_raw(id, order, cents)
        _, left_open = trial.result(trial.worker(charge_job, trial.world, shop.path, charge_once, raw))
        _judge_closed(left_open, circumstance)
        new = _charged(trial)[before:]
        found += [id] * len(new)
        for _, charged_order, charged_cents, _ in new:
            if (charged_order, charged_cents) != (str(order), cents):
                raise Wrong(
                    circumstance, f"{charged_cents} cents were charged for {charged_order!r}, and not {cents} for '{order}'",
                    must_hold='it charges args["cents"] for args["order"]', hint=None,
                )  # fmt: skip
    broken = anomalies.find_anomalies(Ledger(accepted=ids, found={"the charges": found}), noun="charge")
    if broken:
        raise Wrong(
            circumstance, anomalies=_never(broken, "was never charged"), must_hold="another job is another charge", hint=2
        )


def _check_charge_monday(charge_once, trial):
    """Done without any crash; the provider has forgotten its keys; delivered again after a weekend, and after years."""
    trial.again()
    shop = _Shop(trial)
    values, when = [], "charge-7 was done on Friday"
    for n, (days, later) in enumerate([(WEEKEND, " and came back on Monday"), (YEARS, ", and after eleven years"), (0, "")], 1):
        raw = _charge_raw("charge-7", 7, **({"attempts": n} if n > 1 else {}))
        value, left_open = trial.result(trial.worker(charge_job, trial.world, shop.path, charge_once, raw))
        values.append(value)
        _judge_closed(left_open, when)
        _judge_answers(values, _judge_charged(trial, when, hint=3), when, "charge_once")
        trial.world.prune_keys()
        shop.let_pass(days=days)
        when += later + (", when the provider had forgotten its keys" if n == 1 else "")


def _check_charge_crashes(charge_once, trial, operations, monday=False):
    """Killed at each point, delivered again as a retry would be, and once more on Monday. Without monday: only killed
    after a charge and delivered again; it comes first, so that no answer is accused of more than it did."""
    after_charges = [f"kill after * {n}" for n, name in enumerate(operations, 1) if name == "charge"]
    for point in crash_points(operations) if monday else after_charges:
        trial.again()
        shop = _Shop(trial)

        def delivered(name, fault=None, **more):
            raw = _charge_raw("charge-7", 7, **more)
            return trial.worker(charge_job, trial.world, shop.path, charge_once, raw, name=name, fault=fault)

        told = _killed(trial, delivered("worker 1", fault=point), point, operations)
        circumstance = f"worker 1 was {told}; then charge-7 was delivered to worker 2, with attempts 2"
        value, left_open = trial.result(delivered("worker 2", attempts=2), circumstance=circumstance)
        _judge_closed(left_open, circumstance)
        _judge_charged(trial, circumstance)
        if monday:
            trial.world.prune_keys()
            shop.let_pass(days=WEEKEND)
            circumstance += ", and done, and delivered once more on Monday"
            again, _ = trial.result(delivered("worker 3", attempts=3), circumstance=circumstance)
            number = _judge_charged(trial, circumstance, hint=3)
            _judge_answers([value, again], number, circumstance, "charge_once")


def _check_charge_twice_at_once(charge_once, trial, operations):
    for n in range(1, len(operations) + 1):
        trial.again()
        shop = _Shop(trial)
        raw, again = _charge_raw("charge-7", 7), _charge_raw("charge-7", 7, attempts=2)
        point = f"hold before * {n}"
        first = trial.worker(charge_job, trial.world, shop.path, charge_once, raw, name="worker 1", fault=point)
        if not first.wait_held():
            trial.result(first)
            raise CannotTell(f"worker 1 was to stand still before its {_which(operations, n)}, and did not get there")
        circumstance = f"worker 1 stood right before its {_which(operations, n)} when charge-7 was delivered to worker 2 as well"
        answers = _two_at_once(
            trial, shop, first,
            lambda: trial.worker(charge_job, trial.world, shop.path, charge_once, again, name="worker 2"), circumstance,
        )  # fmt: skip
        number = _judge_charged(trial, circumstance)
        _judge_answers([value for value, _ in answers], number, circumstance, "charge_once")


# 16.3


def _mail_raw(id, **more):
    return json.dumps({"id": id, "name": "mail", "args": {"order": 7}, **more}).encode()


SINGLE = "a job is in the queue once, by its id, however often it is handed over"
TRUE_REPLY = "enqueue_once returns True if this call queued the job, False if an earlier call had"


def _judge_queued(trial, circumstance, ids=("mail-7",), hint=1):
    """End the check as WRONG unless these ids wait in `jobs`, each once, and are remembered for KEEP seconds."""
    broken = anomalies.find_anomalies(Ledger(accepted=ids, found={"jobs": ids_in(trial)}), records=trial.history.records())
    if broken:
        broken = _never(broken, "is not in jobs, and never was")
        raise Wrong(circumstance, anomalies=broken, must_hold=SINGLE, hint=hint)
    for id in ids:
        left = trial.redis.ttl(f"seen:{id}")
        if left == -2:
            raise Wrong(
                circumstance, f"there is no key seen:{id}", hint=None,
                must_hold="the key seen:<id> remembers that the job was queued",
            )  # fmt: skip
        endless = [key.decode() for key in trial.redis.scan_iter("seen:*") if trial.redis.ttl(key) == -1]
        if endless:
            raise Wrong(
                circumstance, anomalies=[anomalies.find_leaked({"Redis, without an end": endless}, noun="key")], hint=3,
                must_hold="seen:<id> ends by itself `keep` seconds after the job was queued, also when the caller dies",
            )  # fmt: skip
        if not KEEP - 60 <= left <= KEEP:
            raise Wrong(
                circumstance, f"seen:{id} ends in {left} s", hint=None,
                must_hold=f"seen:<id> ends by itself `keep` seconds after the job was queued, here {KEEP}",
            )  # fmt: skip


def _judge_told(told, truth, circumstance, hint=2):
    """told, truth: for each call, by its name, whether it says that it queued the job, and whether it did."""
    for call, value in told.items():
        if value not in (True, False):
            raise Wrong(circumstance, f"enqueue_once returned {value!r}", must_hold=TRUE_REPLY, hint=None)
    words = {True: "queued by this call", False: "queued by an earlier call"}
    untruthful = anomalies.find_untruthful(
        {call: words[bool(value)] for call, value in told.items()}, [],
        {call: words[value] for call, value in truth.items()}, noun="call",
    )  # fmt: skip
    if untruthful:
        raise Wrong(circumstance, anomalies=[untruthful], must_hold=TRUE_REPLY, hint=hint)


@checks(
    "16.3",
    title="enqueue_once",
    budget=5,
    hints=[
        "Between remembering the id and pushing the job the caller can die, or somebody else can look. In which single step does Redis do both, or neither?",
        "The command that is sent again is the same as the first, and Redis cannot know that. What could both carry, made before the first was sent, that no other call carries?",
        "An end that is set in a command of its own is not set when the caller dies before it.",
    ],
)
def check_enqueue_once(enqueue_once, trial):
    raw, other = _mail_raw("mail-7"), _mail_raw("mail-8")
    again = _mail_raw("mail-7", attempts=2)
    circumstance = "mail-7 was queued, then mail-8, then mail-7 twice more, at last with attempts 2"
    values = trial.result(trial.worker(enqueue_each, trial.redis, enqueue_once, [raw, other, raw, again]))
    _judge_queued(trial, circumstance, ["mail-7", "mail-8"])
    if trial.redis.lrange("jobs", 0, -1) != [other, raw]:
        order = ", ".join(ids_in(trial))
        raise Wrong(
            circumstance, f"jobs holds, from the right: {order}" if order != "mail-7, mail-8" else "the bytes in jobs differ",
            must_hold="the job, as it is, is pushed on the left of jobs", hint=None,
        )  # fmt: skip
    calls = ["the first call", "the call for mail-8", "the second call for mail-7", "the third call for mail-7"]
    _judge_told(dict(zip(calls, values)), dict(zip(calls, [True, True, False, False])), circumstance)
    _check_done_meanwhile(enqueue_once, trial)

    # Traced now that whatever happens once a server (a script that is loaded) has happened.
    trial.again()
    trial.result(trial.worker(enqueue_job, trial.redis, enqueue_once, raw, name="traced"))
    operations = trial.operations("traced")
    _check_enqueue_crashes(enqueue_once, trial, operations)
    _check_enqueue_twice_at_once(enqueue_once, trial, operations)
    for cut in ("reply", "request"):
        _check_enqueue_lost(enqueue_once, trial, cut, operations)
    return [
        f"each reply and each request lost once, killed before and after each of {', '.join(dict.fromkeys(operations))},",
        "and two callers at once: mail-7 is in the queue once, and every call says truly who queued it",
    ]


def _check_done_meanwhile(enqueue_once, trial):
    """Queued a while ago, taken and done: handed over once more, it changes nothing, not even how long it is remembered."""
    trial.again()
    trial.result(trial.worker(enqueue_job, trial.redis, enqueue_once, _mail_raw("mail-7")))
    trial.redis.rpop("jobs")
    trial.redis.expire("seen:mail-7", KEEP // 2)
    before = trial.redis.dump("seen:mail-7")
    value = trial.result(trial.worker(enqueue_job, trial.redis, enqueue_once, _mail_raw("mail-7")))
    circumstance = "mail-7 was queued, taken and done; then it was handed over once more"
    if ids_in(trial):
        twice = anomalies.find_duplicated(Ledger(accepted=["mail-7"], found={"done": ["mail-7"], "jobs": ids_in(trial)}))
        raise Wrong(circumstance, anomalies=[twice], must_hold=SINGLE, hint=None)
    _judge_told({"the second call": value}, {"the second call": False}, circumstance)
    if trial.redis.dump("seen:mail-7") != before or trial.redis.ttl("seen:mail-7") > KEEP // 2:
        raise Wrong(
            circumstance, "the second call changed seen:mail-7, or how long it is remembered", hint=None,
            must_hold="a call that returns False changes nothing",
        )  # fmt: skip


def _check_enqueue_crashes(enqueue_once, trial, operations):
    for point in crash_points(operations):
        trial.again()
        caller = trial.worker(enqueue_job, trial.redis, enqueue_once, _mail_raw("mail-7"), name="checkout 1", fault=point)
        told = _killed(trial, caller, point, operations)
        trial.result(trial.worker(enqueue_job, trial.redis, enqueue_once, _mail_raw("mail-7"), name="checkout 2"))
        _judge_queued(trial, f"checkout 1 was {told}; then checkout 2 handed mail-7 over")


def _check_enqueue_twice_at_once(enqueue_once, trial, operations):
    for n in range(1, len(operations) + 1):
        trial.again()
        raw, point = _mail_raw("mail-7"), f"hold before * {n}"
        first = trial.worker(enqueue_job, trial.redis, enqueue_once, raw, name="checkout 1", fault=point)
        if not first.wait_held():
            trial.result(first)
            raise CannotTell(f"checkout 1 was to stand still before its {_which(operations, n)}, and did not get there")
        second = trial.result(trial.worker(enqueue_job, trial.redis, enqueue_once, raw, name="checkout 2"))
        first.release()
        values = {"checkout 1": trial.result(first), "checkout 2": second}
        circumstance = f"checkout 1 stood right before its {_which(operations, n)} when checkout 2 handed over the same job"
        _judge_queued(trial, circumstance)
        if sorted(map(bool, values.values())) != [False, True]:
            truth = {"checkout 1": not second, "checkout 2": bool(second)}
            _judge_told(values, truth, circumstance, hint=1)


def _check_enqueue_lost(enqueue_once, trial, cut, operations):
    """Lose each reply (or each request) in turn, until there is none left to lose."""
    # The proxy counts no WATCH; here each is called as the learner knows it.
    named = [_which(operations, n) for n, name in enumerate(operations, 1) if name not in ("WATCH", "UNWATCH", "MULTI")]
    n, raw = 0, _mail_raw("mail-7")
    while True:
        n += 1
        trial.again()
        with lost_reply("redis", lose="*", n=n, cut=cut, empty=True) as proxy:
            at = {**trial.redis_at, "host": proxy.host, "port": proxy.port}
            worker = trial.worker(enqueue_through, at, enqueue_once, raw, name="checkout 1")
            request = named[n - 1] if n <= len(named) else f"request {n}"
            lost = "was carried out, and its reply got lost" if cut == "reply" else "got lost on its way to Redis"
            circumstance = f"the {request} of checkout 1 {lost}"
            value = trial.result(worker, circumstance=circumstance)
            if not proxy.lost:
                break
        _judge_queued(trial, circumstance)
        _judge_told({"checkout 1": value}, {"checkout 1": True}, circumstance)
    if n == 1:
        raise CannotTell(f"no {cut} of enqueue_once could be lost: it asked Redis nothing")
