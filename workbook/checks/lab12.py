"""Lab 12: spikes and workers. How the answers to 12.1 and 12.2 are judged.

The layout that the lab teaches: jobs wait in the list `jobs` (pushed on the left, taken on the right); what worker w has in
hand is in the list `processing:w`; a job is JSON, and the key `at` says in seconds when it was queued. The other keys of later
labs (`failed`, `retry`, `dead`, `lease:w` …) are there too, and are neither of the two.

12.1 is judged by the one law (`workbook.anomalies`): what was accepted is found, once, what was refused is not; and by the
bound. 12.2 is judged by what Redis holds: its numbers are those of one moment.
"""

import collections
import contextlib
import json
from dataclasses import replace

import redis

from workbook import anomalies, brokers
from workbook.anomalies import Ledger, as_text
from workbook.checks.jobs import changed_keys, dump_all, id_of, listed
from workbook.exercises import checks
from workbook.faults import given, no_steps
from workbook.line import Line
from workbook.proxy import lost_reply
from workbook.trial import Trial
from workbook.trouble import Trouble
from workbook.verdicts import CannotTell, Wrong

BROKERS = ("redis",)


# What the checks share


def _job(n, at=None, **more):
    known = {"id": f"invoice-{n}", "name": "invoice", "args": {"order": n}, **more}
    return json.dumps(known if at is None else {**known, "at": at}).encode()


# 12.1


LIMIT = 3
BOUND = "never more than `limit` jobs wait in jobs"
TRUTH = "a job that was accepted is in jobs, once, until a worker takes it; a job that was refused is not there"


OFTEN = 3
"""No answer needs one command more often than this, when nobody else is at work."""

READS = {"WATCH", "UNWATCH", "LLEN", "LRANGE", "LINDEX", "GET", "EXISTS", "TYPE", "TIME", "INFO", "PING"}

PATIENCE = 0.2
"""Seconds that a client waits for a Redis that stands still."""


def _raw(n):
    """A job as `_job` makes it; the second comes from somebody who writes JSON with other spaces."""
    return _job(n) if n != 2 else _job(n).replace(b": ", b":")


def offer_one(r, offer, raw, limit):
    given(f"offer(r, {raw!r}, {limit})")
    return offer(r, raw, limit)


def offer_impatiently(redis_at, offer, raw, limit, seconds=3.0):
    """With a client that never sends a command a second time, on a connection that is open already."""
    from workbook.taught.lab11 import impatient

    r = impatient(redis_at, seconds)
    with no_steps("redis"):
        r.ping()
    return offer_one(r, offer, raw, limit)


@checks(
    "12.1",
    title="offer",
    budget=5,
    hints=[
        "Whoever was told yes must not pay for whoever comes later. Which of the two is the only one that you may still turn away?",
        "Between your look at the list and your push another checkout may push, and you may be killed. How many moments may there be?",
        "Redis saying no, and Redis saying nothing: after which of them do you know that the job isn't there?",
    ],
)
def check_offer(offer, trial):
    _check_one_after_another(offer, trial)
    with_room, when_full = _check_killed(offer, trial)
    _check_two_at_once(offer, trial, len(with_room))
    _check_no_answer(offer, trial)
    _check_frozen(offer, trial, with_room)
    _check_other_error(offer, trial)
    _check_memory(offer, trial)
    return [
        f"with a limit of {LIMIT}: accepted while there was room, refused when there was none, and again accepted after a worker took one",
        f"killed before and after each of {', '.join(dict.fromkeys(with_room + when_full))}, and with another checkout in between: never more than the limit",
        "no memory left: refused; no answer, or another error: the exception came out, and no word was untrue",
    ]


def _wait_in(trial, jobs):
    trial.again()
    for raw in jobs:
        trial.redis.lpush("jobs", raw)


def _offered(trial, offer, raw, circumstance=None, limit=LIMIT, **options):
    """One call in a worker of its own, from which True or False has to come, and soon."""
    worker = trial.worker(offer_one, trial.redis, offer, raw, limit, **options)
    return _yes_or_no(_soon(trial, worker, circumstance or f"{id_of(raw)} was offered"), raw)


def _soon(trial, worker, circumstance, within=2.0):
    """What the worker's call returned; WRONG when it waits for something."""
    outcome = trial.outcome(worker, within)
    if outcome.kind == "overran":
        raise Wrong(
            circumstance,
            f"stuck: {worker.name} had not returned after {within:g} s",
            must_hold="offer does not wait, neither for room nor for another checkout, which may be dead",
            hint=2,
        )
    trial.expect_no_error(outcome, circumstance)
    if outcome.kind == "killed":
        raise CannotTell(f"{worker.name} ended on its own, without an exception; run the check again")
    return outcome.value


def _yes_or_no(value, raw):
    if value not in (True, False):
        raise Wrong(
            f"offered {id_of(raw)}; offer returned {value!r}",
            must_hold="offer returns True when the job was accepted, False when it was refused",
            hint=None,
        )
    return bool(value)


def _judge(trial, circumstance, outcomes, done=(), hint=1):
    """End the check as WRONG when the law or the bound is broken. outcomes: id -> "accepted", "refused" or "unknown"."""
    waiting = [id_of(raw) for raw in listed(trial)]
    by = {word: [id for id, said in outcomes.items() if said == word] for word in ("accepted", "refused", "unknown")}
    found = {"jobs": waiting, "the hands of a worker": [id_of(raw) for raw in done]}
    broken = anomalies.find_anomalies(Ledger(**by, found=found), records=trial.history.records())
    if broken:
        raise Wrong(circumstance, anomalies=broken, must_hold=TRUTH, hint=hint)
    if len(waiting) > LIMIT:
        raise Wrong(circumstance, f"{len(waiting)} jobs wait in jobs, the limit is {LIMIT}", must_hold=BOUND, hint=2)


def _check_one_after_another(offer, trial):
    """Five are offered, three have room; a worker takes one, and a sixth is offered."""
    trial.again()
    outcomes = {}
    for n in range(1, 6):
        raw, before = _raw(n), dump_all(trial)
        told = _offered(trial, offer, raw, f"{min(n - 1, LIMIT)} jobs waited, the limit is {LIMIT}", name=f"offers {n}")
        outcomes[id_of(raw)] = "accepted" if told else "refused"
        offered = "invoice-1 was offered" if n == 1 else f"invoice-1 to invoice-{n} were offered one after another"
        circumstance = f"{offered}, with a limit of {LIMIT}; invoice-{n} was {outcomes[id_of(raw)]}"
        _judge(trial, circumstance, outcomes)
        if told is not (n <= LIMIT):
            raise Wrong(
                circumstance,
                f"{min(n - 1, LIMIT)} were waiting then",
                must_hold=f"{BOUND}; up to that, there is room",
                hint=None,
            )
        changed = changed_keys(before, dump_all(trial))
        if not told and changed:
            raise Wrong(
                circumstance,
                f"it was refused, and yet there was a change in Redis: {', '.join(changed)}",
                must_hold="a job that is refused leaves nothing behind: it would need memory like an accepted one",
                hint=None,
            )
        asked = collections.Counter(trial.operations(f"offers {n}")).most_common(1)
        if asked and asked[0][1] > OFTEN:
            raise Wrong(
                circumstance,
                f"it sent {asked[0][0]} {asked[0][1]} times, though nobody else was at work",
                must_hold="offer does not wait for room: it looks, and says what it sees",
                hint=None,
            )
    if listed(trial) != [_raw(n) for n in range(1, LIMIT + 1)]:
        raise Wrong(
            f"{LIMIT} were accepted; taken on the right they come as {', '.join(map(as_text, listed(trial)))}",
            must_hold="an accepted job is pushed on the left of jobs, as it is",
            hint=None,
        )
    taken = trial.redis.lmove("jobs", "processing:worker 1", "RIGHT", "LEFT")
    outcomes["invoice-6"] = "accepted" if _offered(trial, offer, _job(6)) else "refused"
    circumstance = (
        f"{LIMIT} jobs waited, the limit; worker 1 took invoice-1 (it is in processing:worker 1 now), and then invoice-6 was offered"
    )
    _judge(trial, circumstance, outcomes, [taken])
    if outcomes["invoice-6"] != "accepted":
        raise Wrong(circumstance, "invoice-6 was refused", must_hold="when a job was taken there is room again", hint=None)
    for n, limit, room in ((7, LIMIT - 1, False), (8, LIMIT + 1, True)):
        if _offered(trial, offer, _job(n), limit=limit) is not room:
            raise Wrong(
                f"{LIMIT} jobs waited; invoice-{n} was offered with a limit of {limit}, and was {'refused' if room else 'accepted'}",
                must_hold="the limit is the one that this call was given",
                hint=None,
            )


def _check_killed(offer, trial):
    """Killed before and after each operation, once with room for one more, once with none: the operations of both."""
    operations = []
    for already in (LIMIT - 1, LIMIT):
        # Traced the second time: what happens once a server (a script that is loaded) is no part of it.
        _wait_in(trial, map(_job, range(1, already + 1)))
        _offered(trial, offer, _job(9), name="traced")
        traced = trial.operations("traced")
        operations.append(traced)
        for point in [f"kill {side} * {n}" for n in range(1, len(traced) + 1) for side in ("before", "after")]:
            _wait_in(trial, map(_job, range(1, already + 1)))
            outcome = trial.outcome(trial.worker(offer_one, trial.redis, offer, _job(9), LIMIT, name="checkout", fault=point))
            trial.expect_no_error(outcome)
            trial.expect_fault(outcome, point)
            circumstance = f"{already} jobs waited, the limit is {LIMIT}; the checkout was {outcome.fault}"
            accepted = {f"invoice-{n}": "accepted" for n in range(1, already + 1)}
            _judge(trial, circumstance, {**accepted, "invoice-9": "unknown"}, hint=2)
            # Killed before an operation leaves Redis as killed after the one before does: asked once.
            if point.startswith("kill after") and len(listed(trial)) < LIMIT:
                _check_after_a_death(trial, offer, circumstance, accepted)
    return operations


def _check_after_a_death(trial, offer, circumstance, accepted):
    """Whoever comes after a checkout that was killed finds the room that there is."""
    circumstance += "; there was still room for one, and another checkout offered invoice-10"
    told = _offered(trial, offer, _job(10), circumstance, name="another checkout")
    outcomes = {**accepted, "invoice-9": "unknown", "invoice-10": "accepted" if told else "refused"}
    _judge(trial, circumstance, outcomes, hint=2)
    if not told:
        raise Wrong(circumstance, "invoice-10 was refused", must_hold=f"{BOUND}; up to that, there is room", hint=2)


def _check_two_at_once(offer, trial, operations):
    """There is room for one. checkout 1 stands before its n-th operation while checkout 2 offers."""
    for n in range(1, operations + 1):
        _wait_in(trial, map(_job, range(1, LIMIT)))
        first = trial.worker(
            offer_one, trial.redis, offer, _job(7), LIMIT, name="checkout 1", fault=f"hold before * {n}"
        )
        if not first.wait_held():
            trial.result(first)
            continue
        circumstance = f"there was room for one; checkout 2 offered invoice-8 while checkout 1 stood before operation {n}"
        told = {"invoice-8": _offered(trial, offer, _job(8), circumstance, name="checkout 2")}
        first.release()
        told["invoice-7"] = _yes_or_no(_soon(trial, first, circumstance), _job(7))
        outcomes = {f"invoice-{n}": "accepted" for n in range(1, LIMIT)}
        outcomes |= {id: "accepted" if yes else "refused" for id, yes in told.items()}
        _judge(trial, circumstance, outcomes, hint=2)
        if not any(told.values()):
            raise Wrong(circumstance, "both were refused", must_hold=f"{BOUND}; up to that, there is room", hint=2)


ALREADY = {f"invoice-{n}": "accepted" for n in range(1, LIMIT)}
"""What waits where there is room for one."""

CUTS = {
    "reply": "Redis carried out {what}, and its answer was lost",
    "request": "the connection broke before {what} reached Redis",
}


def _check_no_answer(offer, trial):
    """There is room for one. Each answer of Redis, then each request, is lost in turn; the client does not know which."""
    for cut, what in CUTS.items():
        for n in range(1, 20):
            _wait_in(trial, map(_job, range(1, LIMIT)))
            with lost_reply("redis", lose="*", n=n, empty=True, cut=cut) as proxy:
                through = {**trial.redis_at, "host": proxy.host, "port": proxy.port}
                worker = trial.worker(offer_impatiently, through, offer, _job(9), LIMIT, name=f"checkout {n}")
                outcome = trial.outcome(worker)
                if not proxy.lost:
                    break
            operations = trial.operations(worker.name)
            # What is about the connection, the proxy does not lose.
            places = [place for place, operation in enumerate(operations) if operation not in ("WATCH", "UNWATCH", "PING")]
            place = places[n - 1] if n <= len(places) else len(operations)
            lost = operations[place] if n <= len(places) else "a command"
            circumstance = f"there was room for one; {what.format(what=lost)}; the client sends nothing twice"
            if operations[place + 1 :]:
                circumstance += f"; offer went on with {', '.join(operations[place + 1 :])}"[:120]
            _judge(trial, circumstance, {**ALREADY, "invoice-9": _word(trial, worker, outcome, circumstance)}, hint=3)
        if n == 1:
            raise CannotTell("no answer of Redis could be lost")


def _word(trial, worker, outcome, circumstance):
    """What the caller knows of its job: an exception of redis-py's says that nobody knows."""
    if outcome.kind == "raised":
        if "redis" not in outcome.error.trace:
            trial.expect_no_error(outcome, circumstance)
        return "unknown"
    return "accepted" if _yes_or_no(_soon(trial, worker, circumstance), _job(9)) else "refused"


def _check_frozen(offer, trial, operations):
    """There is room for one. Redis stands still before each operation, and goes on when the caller has given up."""
    for n, operation in enumerate(operations, 1):
        if operation in READS:
            continue  # carried out later, it changes nothing
        # On a busy machine a short patience can end before Redis stands still: then once more with a longer one.
        any(_stood_still(offer, trial, n, seconds) for seconds in (PATIENCE, 5 * PATIENCE))


def _stood_still(offer, trial, n, seconds):
    """Redis stands still before the n-th operation; False when the answer did not get there."""
    at = trial.address("redis")
    _wait_in(trial, map(_job, range(1, LIMIT)))
    with Line(at["host"], at["port"]) as line:
        over = {**trial.redis_at, "host": line.host, "port": line.port}
        worker = trial.worker(offer_impatiently, over, offer, _job(9), LIMIT, seconds, name="checkout", fault=f"hold before * {n}")
        if not worker.wait_held():
            trial.outcome(worker)
            return False
        line.freeze()
        worker.release()
        circumstance = "there was room for one; Redis stood still, the client waited in vain (TimeoutError), then Redis went on"
        outcome = trial.outcome(worker, 5.0)
        worker.close()  # and with it its end of each connection
        line.thaw()
        if not line.wait_closed():
            raise CannotTell("a connection to Redis was still open 3 s after its owner had ended")
    _judge(trial, circumstance, {**ALREADY, "invoice-9": _word(trial, worker, outcome, circumstance)}, hint=3)
    return True


def _check_other_error(offer, trial):
    """`jobs` is a text: Redis answers with an error that has nothing to do with memory."""
    trial.again()
    trial.redis.set("jobs", "a text")
    outcome = trial.outcome(trial.worker(offer_one, trial.redis, offer, _job(9), LIMIT, name="checkout"))
    if outcome.kind == "returned":
        raise Wrong(
            f"jobs was a text, and Redis answered with an error (WRONGTYPE); offer returned {outcome.value!r}",
            must_hold="only a full memory is a refusal: every other exception comes out of offer",
            hint=3,
        )


def _check_memory(offer, trial):
    """A Redis of its own whose memory is full, and which evicts nothing: each push is answered with an error."""
    if trial.address("redis") != brokers.address("redis"):
        raise CannotTell("this is the crash-test Redis already, and there is no second one to be filled up")
    with contextlib.ExitStack() as stack:
        try:
            settings = {"maxmemory": "3mb", "maxmemory-policy": "noeviction"}
            instance = stack.enter_context(brokers.crash_test("redis", settings))
            full = stack.enter_context(Trial(("redis",), instance))
        except Trouble as trouble:
            raise CannotTell(f"no Redis could be filled up: {trouble}") from None
        full.begin()
        full._printed = trial._printed
        _wait_in(full, [_job(1)])
        full.redis.setrange("something else", 3_000_000, "x")  # a short command that needs much memory
        with contextlib.suppress(redis.OutOfMemoryError):
            full.redis.lpush("probe", "x")
            raise CannotTell("the Redis that was to be full still had memory")
        circumstance = "one job waited, and Redis had no memory left (OutOfMemoryError on each push)"
        worker = full.worker(offer_one, full.redis, offer, _job(9), LIMIT, name="checkout")
        told = _yes_or_no(_soon(full, worker, circumstance), _job(9))
        _judge(full, circumstance, {"invoice-1": "accepted", "invoice-9": "accepted" if told else "refused"}, hint=3)


# 12.2


NOW = 1000
"""Seconds. The time that `left_to_do` is told."""

MOMENT = "the three numbers are those of one moment: a job that is taken, or given back, meanwhile is counted once"


def look(r, left_to_do, now=NOW):
    given(f"left_to_do(r, {now})")
    return left_to_do(r, now)


@checks(
    "12.2",
    title="left_to_do",
    budget=5,
    hints=[
        "A job that somebody has in hand is not done. In which lists does it stand until then, and who tells you their names?",
        "The oldest need not stand at an end of a list, and need not wait. What says how old it is, and what if nothing says so?",
        "You read one list, then another. Where was a job that moved from one to the other in between?",
    ],
)
def check_left_to_do(left_to_do, trial):
    for situation, held in SITUATIONS.items():
        _lay_out(trial, held)
        _judge_look(left_to_do, trial, situation)
    operations = _check_one_moment(left_to_do, trial)
    _check_busy(left_to_do, trial)
    return [
        f"{len(SITUATIONS)} situations: waiting, in flight and the age of the oldest, as Redis holds them",
        f"a job taken, and one given back, before each of {', '.join(operations)}: counted once",
        f"{BUSY} jobs taken, one before each operation, until nothing moves any more: the numbers of one moment",
    ]


EVERYTHING = {
    "jobs": [_job(4, 940), _job(5, 950), _job(6, 960), _job(7, 990)],
    "processing:worker 1": [_job(1, 400)],
    "processing:host-3:4711": [_job(2, 930), _job(3, 935)],
}
"""Lists from their right ends, oldest first."""

SITUATIONS = {
    "nothing is left": {},
    "nothing waits, and worker 1 has had one job in hand for a long time": {"processing:worker 1": [_job(1, 400)]},
    "four jobs wait, nobody works": {"jobs": [_job(4, 940), _job(5, 950), _job(6, 960), _job(7, 1000)]},
    "four jobs wait, three are in the hands of two workers, one of them for a long time": EVERYTHING,
    "the oldest job waits on the left: it failed, and was queued again": {
        **EVERYTHING,
        "jobs": [*EVERYTHING["jobs"], _job(8, 100, attempts=1)],
    },
    "one job is left, queued in this second": {"jobs": [_job(7, NOW)]},
    "one job is left, queued half a second ago": {"jobs": [_job(7, NOW - 0.5)]},
    "invoice-4 was queued twice: two jobs wait": {"jobs": [_job(4, 940), _job(4, 940)]},
    "jobs that do not say when they were queued, and something that is no job": {
        "jobs": [b"not json", _job(4), _job(5, 950), b"\xff\xfe?", _job(6)],
        "processing:worker 1": [_job(1), _job(2, 930)],
    },
    "no job says when it was queued": {"jobs": [b"order 1", _job(4)], "processing:worker 1": [_job(1), b"[5]"]},
}


def _lay_out(trial, held):
    """The lists, and the other keys that such a shop has."""
    trial.again()
    for key, jobs in held.items():
        trial.redis.lpush(key, *jobs)
    trial.redis.lpush("failed", json.dumps({"job": "not json", "reason": "JSONDecodeError"}), _job(20, 10))
    trial.redis.lpush("processing-old", _job(24, 5))
    trial.redis.zadd("retry", {_job(21, 20, attempts=2): 1010, _job(22, 30, attempts=1): 1020})
    trial.redis.zadd("dead", {_job(23, 40): 900})
    trial.redis.hset("interrupted", "invoice-2", 1)
    trial.redis.set("lease:worker 1", "alive")
    trial.redis.set("seen:invoice-4", "1")


def _truth(trial):
    """What is left to do, read where nothing else happens."""
    waiting = trial.redis.lrange("jobs", 0, -1)
    held = [raw for key in trial.redis.scan_iter("processing:*") for raw in trial.redis.lrange(key, 0, -1)]
    times = []
    for raw in waiting + held:
        with contextlib.suppress(ValueError, TypeError, KeyError):
            times.append(json.loads(raw)["at"])
    return {"waiting": len(waiting), "in_flight": len(held), "oldest": NOW - min(times) if times else None}


def _told(value, circumstance):
    """The three numbers that were returned; the check ends here when it is not three numbers."""
    if not isinstance(value, dict) or not {"waiting", "in_flight", "oldest"} <= set(value):
        raise Wrong(
            circumstance,
            f"left_to_do returned {value!r}"[:200],
            must_hold="left_to_do returns a dict with waiting, in_flight and oldest",
            hint=None,
        )
    return {key: value[key] for key in ("waiting", "in_flight", "oldest")}


def _same(one, other):
    if one is None or other is None or isinstance(one, bool):
        return one is other
    return isinstance(one, (int, float)) and abs(one - other) < 1e-6


def _untruthful(told, truth):
    """The numbers that are not what they were, as an anomaly; None when all are."""
    reports = {key: str(truth[key]) if _same(told[key], truth[key]) else f"{told[key]!r}"[:60] for key in truth}
    found = anomalies.find_untruthful(reports, (), {key: str(value) for key, value in truth.items()}, noun="number")
    # There are three at most, and each of them tells something: all go into the witness.
    lies = [f"{key}: reported {reports[key]}, and it was {truth[key]}" for key in truth if found and key in found.ids]
    return found and replace(found, witness=tuple(lies))


def _judge_look(left_to_do, trial, situation):
    before, truth = dump_all(trial), _truth(trial)
    told = _told(trial.result(trial.worker(look, trial.redis, left_to_do), circumstance=situation), situation)
    untruthful = _untruthful(told, truth)
    if untruthful:
        raise Wrong(
            situation,
            anomalies=[untruthful],
            must_hold="waiting counts the jobs in jobs, in_flight those in the lists of all workers; oldest is the age in "
            "seconds of the oldest of both, None where no job tells",
            hint=2 if untruthful.ids == ("oldest",) else 1,
        )
    changed = changed_keys(before, dump_all(trial))
    if changed:
        raise Wrong(situation, f"it changed {', '.join(changed)}", must_hold="who only looks changes nothing", hint=None)


MOVES = {
    "worker 3 took invoice-4": ("jobs", "processing:worker 3", "RIGHT", "LEFT"),
    "invoice-1 was given back by worker 1": ("processing:worker 1", "jobs", "LEFT", "RIGHT"),
}


def _check_one_moment(left_to_do, trial):
    """It stands before its n-th operation while one job moves."""
    _lay_out(trial, EVERYTHING)
    trial.result(trial.worker(look, trial.redis, left_to_do, name="traced"))
    operations = trial.operations("traced")
    for n in range(1, len(operations) + 1):
        for what, move in MOVES.items():
            _lay_out(trial, EVERYTHING)
            before = _truth(trial)
            worker = trial.worker(look, trial.redis, left_to_do, name=f"looks {n}", fault=f"hold before * {n}")
            if not worker.wait_held():
                trial.result(worker)
                continue
            trial.redis.lmove(*move)
            after = _truth(trial)
            worker.release()
            circumstance = f"{what} right before operation {n} ({operations[n - 1]})"
            told = _told(trial.result(worker, circumstance=circumstance), circumstance)
            if all(_untruthful(told, truth) for truth in (before, after)):
                counted = f"{before['waiting'] + before['in_flight']} jobs were left at every moment"
                raise Wrong(
                    circumstance, counted, anomalies=[_untruthful(told, after)], must_hold=MOMENT, hint=3
                )
    return list(dict.fromkeys(operations))


BUSY = 40


def _check_busy(left_to_do, trial):
    """A job is taken before every operation, so that a second look is no better than the first, until all is taken."""
    _lay_out(trial, {"jobs": [_job(n, 900 + n) for n in range(1, BUSY + 1)], "processing:worker 1": [_job(100, 400)]})
    truths = [_truth(trial)]
    holds = [f"hold before * {n}" for n in range(1, BUSY + 1)]
    worker = trial.worker(look, trial.redis, left_to_do, name="looks", faults=holds)
    while len(truths) <= BUSY and worker.wait_held():
        trial.redis.lmove("jobs", "processing:worker 3", "RIGHT", "LEFT")
        truths.append(_truth(trial))
        worker.release()
    circumstance = f"worker 3 took a job before each operation, {len(truths) - 1} in all"
    told = _told(trial.result(worker, circumstance=circumstance), circumstance)
    if all(_untruthful(told, truth) for truth in truths):
        raise Wrong(
            circumstance,
            f"{BUSY + 1} jobs were left at every moment",
            anomalies=[_untruthful(told, truths[-1])],
            must_hold=MOMENT,
            hint=3,
        )
