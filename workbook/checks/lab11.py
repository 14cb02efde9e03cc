"""Lab 11: a task queue. How the answers to 11.1, 11.2 and 11.3 are judged.

The layout that the lab teaches: a job is JSON, {"id": "mail-7", "name": "mail", "args": {"order": 7}}; jobs wait in the list
`jobs` (pushed on the left, taken on the right); what cannot be done stands in the list `failed`, as JSON too, with the
job's text and the reason.

The judgement is the one law (`workbook.anomalies`): what was accepted is found, once and unchanged; what was refused is not
found; what is unknown may be either.
"""

import contextlib
import datetime
import decimal
import json
import math
import socket
import sys

import redis
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection
from redis.retry import Retry

from workbook import anomalies
from workbook.anomalies import Ledger, as_text
from workbook.checks.jobs import found_elsewhere, id_of, listed, read_job
from workbook.exercises import checks
from workbook.faults import around, given, no_steps
from workbook.line import Line
from workbook.proxy import lost_reply
from workbook.verdicts import CannotTell, Wrong

BROKERS = ("redis",)


# What the checks share


def _job(name, args, id):
    return json.dumps({"id": id, "name": name, "args": args}).encode()


# 11.1


class Order:
    """A row of the shop's own, as its code has it in hand."""

    def __init__(self, number):
        self.number = number

    def __repr__(self):
        return f"<order {self.number}>"


ACCEPTED = [
    # name, args, id
    ("mail", {"order": 7}, "mail-7"),
    ("invoice", {"order": 7, "lines": [{"sku": "tea", "n": 2}], "net": 41.5, "vat": None, "gift": False}, "invoice-7"),
    ("mail", {"order": 8, "to": "Zoë Żółć"}, "mail-8"),
    ("count", {}, "count-1"),
]
REFUSED = [
    # name, args, id, what is the matter with them
    ("mail", {"order": 9, "placed": datetime.datetime(2018, 8, 24, 10, 0)}, "mail-9", "JSON has no times"),
    ("invoice", {"order": 9, "net": decimal.Decimal("41.50")}, "invoice-9", "JSON has no decimals"),
    ("mail", {"order": Order(10)}, "mail-10", "JSON has no objects of your classes"),
    ("stock", {"skus": {"tea"}}, "stock-10", "JSON has no sets"),
    ("label", {"size": (40, 60)}, "label-11", "JSON makes a list of a tuple"),
    ("label", {"boxes": [{"size": (40, 60)}]}, "label-12", "JSON makes a list of a tuple, however deep it stands"),
    ("stock", {"boxes": {7: 2}}, "stock-13", "JSON makes a text of each key"),
    ("invoice", {"net": math.nan}, "invoice-14", "JSON has no NaN, though Python writes it"),
    ("invoice", {"net": math.inf}, "invoice-15", "JSON has no infinity, though Python writes it"),
]


def enqueue_each(r, enqueue):
    """Enqueue all jobs, one after the other: for each what came of it, and what it returned, in words."""
    told = []
    for name, args, id, *_ in [*ACCEPTED, *REFUSED]:
        given(f"enqueue(r, {name!r}, {args!r}, {id!r})")
        try:
            value = enqueue(r, name, args, id)
        except (TypeError, ValueError):
            if (name, args, id) in ACCEPTED:
                raise
            told.append(("refused", None, None))
        else:
            told.append(("accepted", value == id, repr(value)[:60]))
    return told


def enqueue_one(r, enqueue):
    given("enqueue(r, 'mail', {'order': 7}, 'mail-7')")
    enqueue(r, "mail", {"order": 7}, "mail-7")


def enqueue_refused(r, enqueue):
    for name, args, id, _ in REFUSED:
        given(f"enqueue(r, {name!r}, {args!r}, {id!r})")
        with contextlib.suppress(TypeError, ValueError):
            enqueue(r, name, args, id)


@checks(
    "11.1",
    title="enqueue",
    budget=5,
    hints=[
        "The worker reads what JSON made of the arguments. When is that exactly what you were given, however deep you look?",
        "Whatever can be refused has to be refused before something stands in Redis, and a crash between two commands leaves half.",
        "The caller asks for the id of the job, and jobs are taken on the right.",
    ],
)
def check_enqueue(enqueue, trial):
    told = trial.result(trial.worker(enqueue_each, trial.redis, enqueue, name="worker 1"))
    waiting = listed(trial, "jobs")
    _judge_readable(trial, waiting)
    _judge_arguments(trial, waiting, told)
    ids = [id_of(raw) for raw in waiting]
    reordered = anomalies.find_reordered({"jobs": ids}, {"jobs": [id for _, _, id in ACCEPTED]})
    if reordered:
        raise Wrong(
            f"{', '.join(id for _, _, id in ACCEPTED)} were enqueued; taken on the right they come as {', '.join(ids)}",
            anomalies=[reordered],
            must_hold="jobs are pushed on the left, so that the oldest is taken first",
            hint=3,
        )
    for (_, _, id), (_, right, value) in zip(ACCEPTED, told):
        if not right:
            raise Wrong(
                f"{id} is in jobs; enqueue returned {value}", must_hold="enqueue returns the id of the job", hint=3
            )
    operations = _check_crashes(enqueue, trial)
    _check_refused_meanwhile(enqueue, trial)
    return [
        f"{len(ACCEPTED)} jobs stand in jobs as they were handed over, oldest on the right",
        f"{len(REFUSED)} that JSON cannot say, or would change, were refused, and at no moment was one of them there",
        f"killed before and after each of {', '.join(operations)}: the whole job, or nothing",
    ]


def _judge_readable(trial, waiting):
    for raw in waiting:
        read = read_job(raw)
        if not isinstance(read, dict) or set(read) != {"id", "name", "args"}:
            raise Wrong(
                f"in jobs stands {as_text(raw)[:120]}",
                *found_elsewhere(trial, [id for _, _, id in ACCEPTED]),
                must_hold='an element of jobs is a whole job in JSON, that is {"id": …, "name": …, "args": …} and no more',
            )


def _judge_arguments(trial, waiting, told):
    """The law: what was accepted is there as it was handed over, what was refused is not there."""
    outcome = {id: word for (_, _, id, *_), (word, *_) in zip([*ACCEPTED, *REFUSED], told)}
    ids = {word: [id for id, said in outcome.items() if said == word] for word in ("accepted", "refused")}
    read = {id_of(raw): read_job(raw) for raw in waiting}
    shown = {id: json.dumps(job["args"], sort_keys=True, ensure_ascii=False) for id, job in read.items()}
    wanted = {id: json.dumps(args, sort_keys=True, ensure_ascii=False) for _, args, id in ACCEPTED}
    # What could not be said in JSON is not what it was, whatever it has become.
    wanted |= {id: repr(args) for _, args, id, _ in REFUSED}
    changed = anomalies.find_changed(wanted, {id: args for id, args in shown.items() if outcome.get(id) == "accepted"})
    if changed:
        why = {id: why for _, _, id, why in REFUSED}.get(changed.ids[0])
        raise Wrong(
            *([f"{changed.ids[0]}: {why}"] if why else []),
            anomalies=[changed],
            must_hold="the worker reads exactly what was handed over, or enqueue raises TypeError or ValueError",
        )
    ledger = Ledger(ids["accepted"], ids["refused"], found={"jobs": [id_of(raw) for raw in waiting]})
    broken = anomalies.find_anomalies(ledger)
    if broken:
        phantom = broken[0].name == "phantom"
        raise Wrong(
            "worker 1 enqueued them one after the other",
            *found_elsewhere(trial, broken[0].ids),
            anomalies=broken,
            must_hold="what enqueue accepted is in jobs, once, under its id; of what it refused nothing is there",
            hint=2 if phantom else None,
        )
    for id, name in ((id, name) for name, _, id in ACCEPTED):
        if read[id]["name"] != name:
            raise Wrong(f"the name of {id} is {read[id]['name']!r}", must_hold="the name is as it was given", hint=None)


def _check_crashes(enqueue, trial):
    """Kill it before and after each operation: somebody who takes what is there can do it."""
    trial.again()
    trial.result(trial.worker(enqueue_one, trial.redis, enqueue, name="traced"))
    operations = trial.operations("traced", but=("mail",))
    for n in range(1, len(operations) + 1):
        for side in ("before", "after"):
            trial.again()
            point = f"kill {side} * {n}"
            outcome = trial.outcome(trial.worker(enqueue_one, trial.redis, enqueue, name="worker 2", fault=point))
            trial.expect_no_error(outcome)
            trial.expect_fault(outcome, point)
            for raw in listed(trial, "jobs"):
                if read_job(raw) != {"id": "mail-7", "name": "mail", "args": {"order": 7}}:
                    raise Wrong(
                        f"worker 2 was {outcome.fault}, and in jobs stands {as_text(raw)[:120]}",
                        must_hold="at every moment each element of jobs is a whole job",
                        hint=2,
                    )
    return operations


def _check_refused_meanwhile(enqueue, trial):
    """Killed after each operation that it makes for jobs that it refuses: none of them was ever to be seen."""
    trial.again()
    trial.result(trial.worker(enqueue_refused, trial.redis, enqueue, name="traced"))
    for n in range(1, len(trial.operations("traced", but=("mail",))) + 1):
        trial.again()
        point = f"kill after * {n}"
        outcome = trial.outcome(trial.worker(enqueue_refused, trial.redis, enqueue, name="worker 3", fault=point))
        trial.expect_no_error(outcome)
        trial.expect_fault(outcome, point)
        if waiting := listed(trial, "jobs"):
            raise Wrong(
                f"worker 3 was {outcome.fault}, and in jobs stands {id_of(waiting[0])}, which enqueue refuses",
                must_hold="what is refused is in jobs at no moment: a worker could take it",
                hint=2,
            )


# 11.2


class CardExpired(Exception):
    """What a handler raises."""


WAITING = [
    # a job, and what must become of it: "done", or what the reason must mention
    (_job("mail", {"order": 1, "to": "Zoë Żółć"}, "mail-1"), "done"),
    (b"not json", ()),
    (_job("mail", {"order": 2, "lines": [[1, None], {"gift": True}]}, "mail-2"), "done"),
    (_job("ship", {"order": 3}, "ship-3"), ("ship",)),
    (_job("pay", {"order": 4}, "pay-4"), ("CardExpired", "card 4242")),
    (b"\xff\xfe?", ()),
    (b"[5]", ()),
    (b"", ()),
    (_job("fax", {"order": 5}, "fax-5"), ("ConnectionError", "line is busy")),
    (b'{"id": "mail-6", "name": "mail"}', ("args",)),
    (_job("follow", {"order": 7}, "follow-7"), "done"),
    (_job("mail", {"order": 8}, "mail-8"), "done"),
]
FOLLOWS = _job("mail", {"order": 9}, "mail-9")
"""Queued by the handler of follow-7, while the loop runs."""


def work_through(r, work_off, world):
    """One worker: `work_off` with handlers whose effects the outside world remembers."""

    def mail(args):
        world.mail(f"mail-{args['order']}", json.dumps(args, sort_keys=True))

    def pay(args):
        raise CardExpired("card 4242 has expired")

    def fax(args):
        raise ConnectionError("the line is busy")  # Python's, which is not redis-py's

    def follow(args):
        world.mail(f"follow-{args['order']}", json.dumps(args, sort_keys=True))
        with no_steps("redis"):
            r.lpush("jobs", FOLLOWS)

    given("work_off(r, {'mail': …, 'pay': …, 'fax': …, 'follow': …})")
    return work_off(r, {"mail": mail, "pay": pay, "fax": fax, "follow": follow})


@checks(
    "11.2",
    title="work_off",
    budget=5,
    hints=[
        "A job can fail in four ways: it is no JSON, it is no job, nobody knows its name, its function raises. Who goes on after that?",
        "Jobs come in, and other workers take, while yours is at it. Which look at the list is still true a moment later?",
        "Two kinds of errors: the job's own, and those of Redis, from which no job can be taken. Which of them belongs into failed?",
    ],
)
def check_work_off(work_off, trial):
    _check_all_kinds(work_off, trial)
    _check_two_workers(work_off, trial)
    _check_last_job(work_off, trial)
    _check_no_redis(work_off, trial)
    _check_redis_goes(work_off, trial)
    _check_interrupted(work_off, trial)
    _check_many(work_off, trial)
    bad = sum(fate != "done" for _, fate in WAITING)
    return [
        f"{len(WAITING) - bad + 1} jobs done in their order, one of them queued by another; {bad} failed, each with its reason",
        "two workers at once, and a job that came in meanwhile: each done once",
        "without Redis there is redis-py's exception; where the connection broke in between, no job failed by it",
    ]


def _check_all_kinds(work_off, trial):
    trial.again()
    for raw, _ in WAITING:
        trial.redis.lpush("jobs", raw)
    circumstance = f"{len(WAITING)} jobs wait, good ones and bad ones; one of them queues mail-9"
    outcome = trial.outcome(worker := trial.worker(work_through, trial.redis, work_off, trial.world, name="worker 1"))
    trial.expect_no_error(outcome, f"{circumstance}; it had just taken {_last_taken(trial, 'worker 1')}")
    count = trial.result(worker, circumstance=circumstance)
    failed, reasons = _failed(trial)
    done = [id for id, _ in trial.world.mails()]
    handed_over = [raw for raw, _ in WAITING] + [FOLLOWS] * ("follow-7" in done)
    ledger = Ledger(
        accepted=map(id_of, handed_over),
        found={"done": done, "failed": failed, "jobs": map(id_of, listed(trial, "jobs"))},
    )
    broken = anomalies.find_anomalies(ledger, records=trial.history.records())
    if broken:
        raise Wrong(
            circumstance,
            *found_elsewhere(trial, broken[0].ids, ("jobs", "failed")),
            anomalies=broken,
            must_hold="each job ends in one place: done, or in failed with its reason",
        )
    if left := listed(trial, "jobs"):
        raise Wrong(
            circumstance,
            f"it returned, and in jobs there still stands {', '.join(map(id_of, left))}",
            must_hold="work_off returns when no job is left; those that come in meanwhile are done too",
            hint=2,
        )
    good = [id_of(raw) for raw, fate in WAITING if fate == "done"] + [id_of(FOLLOWS)]
    for id in good:
        if id in failed:
            raise Wrong(
                f"{circumstance}; {id} is in failed: {reasons[id]}",
                must_hold="a job that can be done is done: its function gets one argument, the args of the job",
                hint=None,
            )
    reordered = anomalies.find_reordered({"done": done}, {"done": good})
    if reordered:
        raise Wrong(circumstance, anomalies=[reordered], must_hold="the oldest job comes first", hint=None)
    sent = dict(trial.world.mails())
    wanted = {id_of(raw): json.dumps(read_job(raw)["args"], sort_keys=True) for raw in handed_over if id_of(raw) in good}
    changed = anomalies.find_changed(wanted, sent)
    if changed:
        raise Wrong(
            circumstance, anomalies=[changed], must_hold="a function gets the args of its job, as they are", hint=None
        )
    for raw, words in WAITING:
        reason = reasons.get(id_of(raw), "")
        if words != "done" and (not reason.strip() or not all(word in reason for word in words)):
            about = {"ship": "no handler is called ship", "args": "it has no args", "CardExpired": "its function raised CardExpired: card 4242 has expired", "ConnectionError": "its function raised ConnectionError: the line is busy"}
            why = about[words[0]] if words else "it is no job at all"
            raise Wrong(
                f"{id_of(raw)} is in failed with the reason {reason!r}; {why}",
                must_hold="the reason says what was wrong: the kind of the exception, and its message",
                hint=None,
            )
    bad = [id_of(raw) for raw, fate in WAITING if fate != "done"]
    if anomalies.find_reordered({"failed": failed}, {"failed": bad}):
        raise Wrong(
            f"{', '.join(bad)} failed in this order; failed, read from the right, holds {', '.join(failed)}",
            must_hold="what failed is put on the left of failed",
            hint=None,
        )
    if count != len(good) or isinstance(count, bool):
        raise Wrong(
            f"{circumstance}; {len(good)} were done, {len(failed)} failed, and work_off returned {count!r}",
            must_hold="work_off returns how many jobs were done",
            hint=None,
        )


def _last_taken(trial, who):
    """What a worker got last from Redis, by its history."""
    got = [e["id"] for e in trial.history.records() if e["who"] == who and e["phase"] == "end" and e.get("id")]
    waiting = {name: id_of(raw) for raw, _ in WAITING for name in (id_of(raw), raw.decode(errors="replace")[:40])}
    return next((repr(waiting[id]) for id in reversed(got) if id in waiting), "one of them")


def _failed(trial):
    """What is in `failed`: the ids, and the reason of each."""
    ids, reasons = [], {}
    texts = {raw.decode(errors="replace"): id_of(raw) for raw, _ in WAITING}
    for entry in listed(trial, "failed"):
        read = read_job(entry)
        if not isinstance(read, dict) or not {"job", "reason"} <= set(read) or not isinstance(read["job"], str):
            raise Wrong(
                f"in failed stands {as_text(entry)[:120]}",
                must_hold='an element of failed is JSON: {"job": the text of the job, "reason": what was wrong}',
                hint=None,
            )
        id = texts.get(read["job"], read["job"])
        ids.append(id)
        reasons[id] = str(read["reason"] or "")
    return ids, reasons


def _check_two_workers(work_off, trial):
    """worker 1 stands in the middle of its first job; worker 2 works; a job comes in."""
    trial.again()
    jobs = [_job("mail", {"order": n}, f"mail-{n}") for n in (1, 2, 3, 4)]
    for raw in jobs[:3]:
        trial.redis.lpush("jobs", raw)
    first = trial.worker(
        work_through, trial.redis, work_off, trial.world, name="worker 1", fault="hold before mail 1"
    )
    if not first.wait_held():
        raise CannotTell("worker 1 was to be held in the middle of a job, and did not get there")
    counts = [trial.result(trial.worker(work_through, trial.redis, work_off, trial.world, name="worker 2"))]
    trial.redis.lpush("jobs", jobs[3])
    first.release()
    counts.append(trial.result(first))
    circumstance = "worker 1 was in the middle of mail-1 while worker 2 worked, and then mail-4 came in"
    done = [id for id, _ in trial.world.mails()]
    ledger = Ledger(
        accepted=map(id_of, jobs), found={"done": done, "failed": _failed(trial)[0], "jobs": map(id_of, listed(trial, "jobs"))}
    )
    broken = anomalies.find_anomalies(ledger, records=trial.history.records())
    if broken:
        raise Wrong(
            circumstance, anomalies=broken, must_hold="several workers share the list, and each job is done once", hint=2
        )


def _check_last_job(work_off, trial):
    """One job, and worker 2 takes it before each of worker 1's operations in turn."""
    only = _job("mail", {"order": 1}, "mail-1")
    trial.again()
    trial.redis.lpush("jobs", only)
    trial.result(trial.worker(work_through, trial.redis, work_off, trial.world, name="traced"))
    for n in range(1, len(trial.operations("traced", but=("mail",))) + 1):
        trial.again()
        trial.redis.lpush("jobs", only)
        first = trial.worker(work_through, trial.redis, work_off, trial.world, name="worker 1", fault=f"hold before * {n}")
        point = first.wait_held()
        if not point:
            raise CannotTell(f"worker 1 was to be held before its operation {n}, and did not get there")
        circumstance = f"one job was left; worker 1 was {point}, and then worker 2 came"
        for worker in (trial.worker(work_through, trial.redis, work_off, trial.world, name="worker 2"), first):
            if worker is first:
                first.release()
            outcome = trial.outcome(worker)
            if outcome.error:
                raise Wrong(
                    circumstance,
                    f"{worker.name} ended with {outcome.error.kind}: {outcome.error.message}",
                    must_hold="several workers share the list; that nothing is left is no error",
                    hint=2,
                )
            trial.result(worker, circumstance=circumstance)
        done = [id for id, _ in trial.world.mails()]
        ledger = Ledger(["mail-1"], found={"done": done, "failed": _failed(trial)[0]})
        if broken := anomalies.find_anomalies(ledger):
            raise Wrong(
                circumstance, anomalies=broken, must_hold="several workers share the list, and each job is done once", hint=2
            )


AWAY = "Redis was away"


def _work_at(redis_at, work_off, world):
    """(AWAY, the kind) when an exception of redis-py comes out."""
    r = _client(redis_at, 1.0)
    try:
        return work_through(r, work_off, world)
    except redis.RedisError as error:
        return AWAY, type(error).__name__


def _raised_by_redis(outcome):
    return isinstance(outcome.value, tuple) and outcome.value[:1] == (AWAY,)


def _ended(outcome):
    if outcome.error:
        return f"{outcome.error.kind} came out" + (f": {outcome.error.message}" if outcome.error.message else "")
    return f"it returned {outcome.value!r}" if outcome.kind == "returned" else "it was still at it after 1.5 s"


def _check_no_redis(work_off, trial):
    trial.again()
    with _nobody() as nobody:
        outcome = trial.outcome(trial.worker(_work_at, nobody, work_off, trial.world, name="worker 3"), within=1.5)
    if not _raised_by_redis(outcome):
        raise Wrong(
            f"nobody listens where Redis should be; {_ended(outcome)}",
            must_hold="when no job can be taken because Redis is away, redis-py's exception comes out",
            hint=3,
        )


def _check_redis_goes(work_off, trial):
    """The connection breaks at the first, second, … command, and can be made again at once; two good jobs wait."""
    jobs = [_job("mail", {"order": n}, f"mail-{n}") for n in (1, 2)]
    hit = 0
    for n in (1, 2, 3):
        trial.again()
        for raw in jobs:
            trial.redis.lpush("jobs", raw)
        with lost_reply("redis", lose="*", n=n, cut="request", empty=True) as proxy:
            through = {**trial.redis_at, "host": proxy.host, "port": proxy.port}
            outcome = trial.outcome(trial.worker(_work_at, through, work_off, trial.world, name="worker 4"))
            if not proxy.lost:
                break
        hit += 1
        done = [id for id, _ in trial.world.mails()]
        circumstance = f"two jobs waited, mail-1 and mail-2; the connection to Redis broke at command {n}; done: {', '.join(done) or 'nothing'}"
        if failed := [as_text(entry) for entry in listed(trial, "failed")]:
            raise Wrong(
                circumstance,
                f"in failed stands {failed[0][:120]}",
                must_hold="that Redis is away is no job's fault: no job fails by it",
                hint=3,
            )
        left = listed(trial, "jobs")
        if not _raised_by_redis(outcome) and (outcome.kind != "returned" or left):
            raise Wrong(
                circumstance,
                f"{_ended(outcome)}; in jobs there still stands {', '.join(map(id_of, left)) or 'nothing'}",
                must_hold="when no job can be taken because Redis is away, redis-py's exception comes out",
                hint=3,
            )
    if not hit:
        raise CannotTell("the connection to Redis was to break, and no command came by")


def _interrupt(r, work_off):
    def stopped(args):
        raise KeyboardInterrupt

    try:
        return work_off(r, {"mail": stopped})
    except KeyboardInterrupt:
        return AWAY


def _check_interrupted(work_off, trial):
    trial.again()
    trial.redis.lpush("jobs", _job("mail", {"order": 1}, "mail-1"))
    value = trial.result(trial.worker(_interrupt, trial.redis, work_off, name="worker 5"))
    if value != AWAY:
        raise Wrong(
            f"the worker was interrupted (Ctrl-C, KeyboardInterrupt) in the middle of mail-1, and work_off returned {value!r}",
            must_hold="only an Exception is a failure of the job; KeyboardInterrupt and SystemExit end the worker",
            hint=None,
        )


MANY = 150


def _work_many(r, work_off):
    """What was done, and what was returned, where no more than 120 calls can be nested."""
    seen, frame, depth = [], sys._getframe(), 0
    while frame:
        frame, depth = frame.f_back, depth + 1
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 120)
    try:
        count = work_off(r, {"note": lambda args: seen.append(args["n"])})
    except RecursionError:
        count = "nothing: RecursionError"
    finally:
        sys.setrecursionlimit(limit)
    return seen, count


def _check_many(work_off, trial):
    """Many jobs, and all have one id: a job may well be in the list twice."""
    trial.again()
    trial.redis.lpush("jobs", *[_job("note", {"n": n}, "note-1") for n in range(MANY)])
    circumstance = f"{MANY} jobs waited, all with the id note-1"
    seen, count = trial.result(trial.worker(_work_many, trial.redis, work_off, name="worker 6"), circumstance=circumstance)
    if seen != list(range(MANY)) or count != MANY:
        raise Wrong(
            f"{circumstance}; {len(seen)} were done, and work_off returned {count!r}",
            must_hold="each element of jobs is a job to do, however many there are and whatever their ids",
            hint=None,
        )


# 11.3


WORDS = ("accepted", "refused", "unknown")
JOB = _job("mail", {"order": 7}, "mail-7")
OLDER = _job("mail", {"order": 6}, "mail-6")
PATIENCE = 3.0
"""Seconds that a client waits for an answer where one comes, however busy this machine is."""


def _client(redis_at, patience):
    """As `impatient` of the lab: gives up after `patience` seconds, and asks only once."""
    return redis.Redis(
        **redis_at, socket_timeout=patience, socket_connect_timeout=patience, retry=Retry(NoBackoff(), 0)
    )


def tell(redis_at, patience, enqueue_truthfully, warm=True):
    """One call. warm: the connection is open already, as in a program that has been running for a while."""
    _count_bare_commands()
    r = _client(redis_at, patience)
    if warm:
        with no_steps("redis"):
            r.ping()
    given(f"enqueue_truthfully(r, {JOB!r})")
    return enqueue_truthfully(r, JOB)


def _count_bare_commands():
    """Let a command that is sent on a connection itself, past the client, be a step like any other."""
    sent, connected = AbstractConnection.send_command, AbstractConnection.on_connect_check_health

    def send_command(self, *args, **options):
        with around(str(args[0]).upper(), layer="redis"):
            return sent(self, *args, **options)

    def introduce(self, *args, **options):
        with no_steps("redis"):
            return connected(self, *args, **options)

    AbstractConnection.send_command, AbstractConnection.on_connect_check_health = send_command, introduce


def take_at_once(r):
    """A worker that waits: a job is never to be seen in jobs when it is there."""
    r.blmove("jobs", "taken", 4, "RIGHT", "LEFT")


@contextlib.contextmanager
def _nobody():
    """An address at which nobody listens, for this block: kept, so that nobody else gets it."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        yield {"host": "127.0.0.1", "port": kept.getsockname()[1], "db": 0}


@checks(
    "11.3",
    title="enqueue_truthfully",
    budget=5,
    hints=[
        "An exception tells that no answer came. Before the job has left, that proves something; after it has left, it proves nothing.",
        "Which exceptions are Redis's own answer, and which only say that there was none?",
        "What can you ask Redis, without sending the job, to learn whether somebody is there at all?",
    ],
)
def check_enqueue_truthfully(enqueue_truthfully, trial):
    operations = _check_healthy(enqueue_truthfully, trial)
    _check_says_no(enqueue_truthfully, trial)
    _check_nobody_there(enqueue_truthfully, trial)
    _check_hung_up(enqueue_truthfully, trial, len(operations))
    _check_frozen(enqueue_truthfully, trial, len(operations))
    _check_silent(enqueue_truthfully, trial, len(operations))
    return [
        "accepted was in jobs, on the left; refused was told where Redis said no, and where nobody was there",
        "told unknown when the connection broke after the job had left: once Redis had it, once it had not",
        f"frozen or unreachable before each of {', '.join(operations)}: nothing refused came later, nothing accepted was missing",
    ]


def _check_healthy(answer, trial):
    trial.again()
    trial.redis.lpush("jobs", OLDER)
    word = trial.result(trial.worker(tell, trial.redis_at, PATIENCE, answer, name="traced"), within=5)
    _one_word(word)
    others = [key for key in trial.redis.scan_iter() if key != b"jobs"]
    if word != "accepted" and listed(trial, "jobs") == [OLDER] and not others:
        raise Wrong(
            f"all is well; enqueue_truthfully returned {word!r}, and nothing was pushed",
            must_hold="it pushes the job, and says what became of the push",
            hint=None,
        )
    _judge(trial, word, ("accepted",), "all is well", "the answer of Redis is known, so the word is too", hint=2)
    if listed(trial, "jobs") != [OLDER, JOB]:
        raise Wrong(
            f"mail-6 was waiting; taken on the right, jobs holds {', '.join(map(as_text, listed(trial, 'jobs'))) or 'nothing'}",
            must_hold="the job is pushed on the left of jobs, as it is",
            hint=None,
        )
    operations = trial.operations("traced", but=("mail",))
    for key in others:
        trial.again()
        trial.redis.set(key, "not a list")
        circumstance = f"under {as_text(key)}, which the answer writes too, stood a text, and Redis answered that with an error"
        word = trial.result(trial.worker(tell, trial.redis_at, PATIENCE, answer, name="worker 1"), within=5)
        _one_word(word)
        found = bool(listed(trial, "jobs"))
        true = ("accepted",) if found else ("refused",)
        _judge(trial, word, true, circumstance, "the word is about the job in jobs, and about nothing else", hint=2)
    return operations


def _check_says_no(answer, trial):
    trial.again()
    trial.redis.set("jobs", "not a list")
    circumstance = "under jobs stood a text instead of a list, and Redis answered the push with an error (WRONGTYPE)"
    worker = trial.worker(tell, trial.redis_at, PATIENCE, answer, name="worker 1")
    word = trial.result(worker, within=5, circumstance=circumstance)
    _one_word(word)
    found = [JOB] if trial.redis.type("jobs") == b"list" else []
    _judge(trial, word, ("refused",), circumstance, "an error is an answer: Redis has said no", found, hint=2)


def _check_nobody_there(answer, trial):
    trial.again()
    circumstance = "nobody listens where Redis should be, no connection could be made"
    with _nobody() as nobody:
        worker = trial.worker(tell, nobody, PATIENCE, answer, False, name="worker 1")
        word = trial.result(worker, within=5, circumstance=circumstance)
    _one_word(word)
    _judge(trial, word, ("refused",), circumstance, "what never left cannot arrive: it is refused", hint=3)


def _check_hung_up(answer, trial, operations):
    """The connection breaks at each of its commands, once after Redis has carried it out, once before Redis gets it.

    A worker waits for jobs all the time, so that looking whether the job is in the list proves nothing.
    """
    stored = {}
    for n in range(1, operations + 1):
        word, found, lost = _through_a_proxy(answer, trial, "reply", n)
        if lost:
            circumstance = "the connection broke after the job had left: Redis had it, and its answer was lost"
            stored[n] = bool(found)
            circumstance += "; worker 2, which was waiting, took the job at once" if found else ""
            true = ("accepted", "unknown") if found else ("refused", "unknown")
            _judge(trial, word, true, circumstance, "when no answer comes after the job has left, nobody knows", found)
    pushes = [n for n, there in stored.items() if there]
    if not pushes:
        raise CannotTell("no answer to a push could be lost")
    for n in range(1, pushes[0] + 1):
        word, found, lost = _through_a_proxy(answer, trial, "request", n)
        if lost:
            circumstance = "the connection broke after the job had left, and Redis never got it"
            true = ("unknown",) if n == pushes[0] else ("refused", "unknown")
            true = ("accepted", "unknown") if found else true
            _judge(trial, word, true, circumstance, "when no answer comes after the job has left, nobody knows", found)
    _check_others_push(answer, trial, pushes[0])


def _check_others_push(answer, trial, n):
    """As above, and while the push is on its way another checkout pushes: a longer list proves nothing."""
    trial.again()
    with lost_reply("redis", lose="*", n=n, cut="request", empty=True) as proxy:
        through = {**trial.redis_at, "host": proxy.host, "port": proxy.port}
        worker = trial.worker(tell, through, PATIENCE, answer, name="worker 1", fault=f"hold before * {n}")
        if not worker.wait_held():
            raise CannotTell("worker 1 was to be held before its push, and did not get there")
        trial.redis.lpush("jobs", OLDER)
        worker.release()
        circumstance = "the connection broke, Redis never got the job; just before, another checkout had pushed mail-6"
        word = trial.result(worker, within=5, circumstance=circumstance)
        _one_word(word)
        if proxy.lost:
            true = ("accepted", "unknown") if JOB in listed(trial, "jobs") else ("unknown",)
            _judge(trial, word, true, circumstance, "when no answer comes after the job has left, nobody knows")


def _through_a_proxy(answer, trial, cut, n):
    """(the word, the copies found, whether the n-th command, or its answer, was lost)"""
    trial.again()
    trial.worker(take_at_once, trial.redis, name="worker 2")
    if not trial.until(lambda: _somebody_waits(trial)):
        raise CannotTell("worker 2 was to wait for a job, and did not get there")
    with lost_reply("redis", lose="*", n=n, cut=cut, empty=True) as proxy:
        through = {**trial.redis_at, "host": proxy.host, "port": proxy.port}
        worker = trial.worker(tell, through, PATIENCE, answer, name="worker 1")
        what = "its answer was lost" if cut == "reply" else "Redis never got it"
        word = trial.result(worker, within=5, circumstance=f"the connection broke after a command had left; {what}")
        _one_word(word)
        return word, [*listed(trial, "jobs"), *listed(trial, "taken")], bool(proxy.lost)


def _somebody_waits(trial):
    return any("b" in client["flags"] and client["db"] == str(trial.lease.number) for client in trial.redis.client_list())


def _check_frozen(answer, trial, operations):
    """Redis stands still before the connection is made, and before each operation on an open one; later it goes on."""
    for warm, n in [(False, 1), *((True, n) for n in range(1, operations + 1))]:
        word, found = _patiently(answer, trial, warm, n, "freeze")
        when = "the connection was open, and Redis froze" if warm else "Redis froze before the connection was made"
        circumstance = f"{when}; when the call had returned, Redis went on"
        true = ("accepted", "unknown") if found else ("refused", "unknown")
        what = "a job may arrive long after its sender has given up" if found else "accepted means that Redis has answered"
        _judge(trial, word, true, circumstance, what, found)


def _check_silent(answer, trial, operations):
    """The line goes dead before each operation: the client sees what it sees when Redis is frozen, and nothing ever arrives."""
    for n in range(1, operations + 1):
        word, found = _patiently(answer, trial, True, n, "silence")
        circumstance = "the connection was open, and the network went dead: nothing arrived any more, and nobody was told"
        true = ("accepted", "unknown") if found else ("refused", "unknown")
        _judge(trial, word, true, circumstance, "accepted means that Redis has answered", found)


def _patiently(answer, trial, warm, n, what):
    """As `_stop`, with a client that is more patient where this machine is too busy for an impatient one."""
    for patience in (0.1, 0.5, 2.0):
        ended = _stop(answer, trial, warm, n, what, patience)
        if ended:
            return ended
    raise CannotTell("this machine is too busy: Redis took longer than 2 s to answer")


def _stop(answer, trial, warm, n, what, patience):
    """Freeze the line, or silence it, before the answer's n-th operation; a frozen one is thawed when the answer has ended.

    (the word, the copies found in the end); None when the answer did not get to its n-th operation in time.
    """
    trial.again()
    at = trial.address("redis")
    with Line(at["host"], at["port"]) as line:
        over = {**trial.redis_at, "host": line.host, "port": line.port}
        if not warm:
            line.freeze()  # before there is a connection at all
        fault = f"hold before * {n}" if warm else None
        worker = trial.worker(tell, over, patience, answer, warm, name="worker 1", fault=fault)
        if warm:
            if not worker.wait_held():
                return None
            line.freeze() if what == "freeze" else line.silence()
            worker.release()
        word = trial.result(worker, within=5, circumstance="no answer comes from Redis")
        worker.close()  # and with it its end of each connection
        line.thaw()
        if what == "freeze" and not line.wait_closed():
            raise CannotTell("a connection to Redis was still open 3 s after its owner had ended")
    _one_word(word)
    return word, listed(trial, "jobs")


def _one_word(word):
    if not isinstance(word, str) or word not in WORDS:
        raise Wrong(
            f"enqueue_truthfully returned {word!r}",
            must_hold=f"it returns one of the words {', '.join(map(repr, WORDS))}",
            hint=None,
        )


def _judge(trial, word, true, circumstance, must_hold, found=None, hint=1):
    """End the check as WRONG when the word is not one of the `true` ones, or the job is there more than once."""
    found = [raw for raw in (listed(trial, "jobs") if found is None else found) if raw != OLDER]
    ids = [id_of(raw) for raw in found]
    ledger = Ledger(unknown=["mail-7"], found={"jobs": ids})
    twice = anomalies.find_duplicated(ledger)
    if twice:
        raise Wrong(circumstance, anomalies=[twice], must_hold="one call pushes at most one job, whatever happens", hint=1)
    untruthful = anomalies.find_untruthful({"mail-7": word}, ids, {"mail-7": true}, "job")
    if untruthful:
        raise Wrong(circumstance, anomalies=[untruthful], must_hold=must_hold, hint=hint)
