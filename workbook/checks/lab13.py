"""Lab 13: failed jobs come back. How the answers to 13.1, 13.2 and 13.3 are judged.

The layout that the lab teaches: jobs are JSON (lab 11) and wait in the list `jobs` (pushed on the left, taken on the
right); what worker w has taken is in the list `processing:w` (lab 15); a job that waits for its next attempt is in the
sorted set `retry`, scored by the time at which it is due; one that is given up is in the sorted set `dead`, scored by the
time of its last failure. Both hold the job with the keys `attempts`, `first`, `last` and `reason` behind its own; a
malformed job, which has no id, is kept as `text` with the same four.

Times and random generators are arguments: nothing here waits for a job to be due. The delays of 13.1 are judged as a
distribution, from seeded generators; 13.2 and 13.3 by the one law (`workbook.anomalies`) at every crash point.
"""

import json
import math
import random

from workbook import anomalies
from workbook.anomalies import Ledger, as_text
from workbook.checks.jobs import changed_keys, dump_all, id_of, read_job, restore
from workbook.exercises import checks
from workbook.faults import crash_points, given
from workbook.taught.lab11 import job
from workbook.verdicts import CannotTell, Wrong

BROKERS = ("redis",)


# What the checks share


def _moments(operations):
    """Right before which operations others act: each but the first, before which nothing has been done or read yet."""
    return range(min(2, len(operations)), len(operations) + 1)


def _right_before(operations, n):
    return f"right before operation {n} ({operations[n - 1]})"


# 13.1: a delay


FIRST, MOST = 15, 3600
"""Seconds: the ceiling after the first failed attempt, and the one that is never exceeded."""

ATTEMPTS = [*range(1, 13), 30, 2000]
DRAWS = 1000
SHARE, CHANCE = 0.30, 0.05
"""Of many delays, at most SHARE falls into one tenth of the span from 0 to the ceiling; CHANCE is what draws may add to it."""

HERDS = 100
"""They come back in as many different seconds, or in a third as many as the ceiling has, if that is less."""


def _ceiling(attempt):
    return min(MOST, FIRST * 2 ** (attempt - 1))


def draw(delay, seed):
    """Many delays for each attempt, all from one generator: {attempt: [seconds, …]}."""
    rng = random.Random(seed)
    drawn = {}
    for attempt in ATTEMPTS:
        given(f"delay({attempt}, rng)")
        drawn[attempt] = [delay(attempt, rng) for _ in range(DRAWS)]
    return drawn


@checks(
    "13.1",
    title="delay",
    budget=5,
    hints=[
        "Write down the ceiling for attempts 1, 2, 3, 9, 10 and 2,000 first. Which of them is the largest, and how large is the number that you compute on the way there?",
        "200 jobs have failed as often as each other. What makes their delays differ, and by how much of the ceiling? Is it still so when the ceiling no longer grows?",
        "A delay may be anything up to its ceiling, and on average not too little of it. Where in the computation does chance come in: before the cap, or after it?",
    ],
)
def check_delay(delay, trial):
    drawn = trial.result(trial.worker(draw, delay, 1))
    for attempt, delays in drawn.items():
        _judge_numbers(attempt, delays)
        _judge_delays(attempt, delays)
    if trial.result(trial.worker(draw, delay, 1)) != drawn:
        raise Wrong(
            "two generators with the same seed gave different delays",
            must_hold="all chance comes from rng, so that a run can be repeated",
            hint=None,
        )
    if trial.result(trial.worker(draw, delay, 2)) == drawn:
        raise Wrong(
            "two generators with different seeds gave the same delays",
            must_hold="all chance comes from rng",
            hint=2,
        )
    return f"{DRAWS} delays for each of attempts 1 to 12, 30 and 2000: below the ceiling, spread over it, repeatable"


def _judge_numbers(attempt, delays):
    for seconds in delays:
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or math.isnan(seconds):
            raise Wrong(f"delay({attempt}, rng) returned {seconds!r}", must_hold="a delay is a number of seconds", hint=None)


def _judge_delays(attempt, delays):
    ceiling = _ceiling(attempt)
    jobs = f"of {DRAWS} jobs after attempt {attempt}"
    if min(delays) < 0:
        raise Wrong(f"delay({attempt}, rng) returned {min(delays):.1f}", must_hold="a delay is never negative", hint=None)
    if max(delays) > ceiling:
        above = sum(seconds > ceiling for seconds in delays)
        raise Wrong(
            f"{above} {jobs} wait longer than {ceiling} s, one of them {max(delays):.1f} s",
            must_hold=f"the ceiling is {FIRST} s after attempt 1 and doubles with each attempt, up to {MOST} s",
        )
    tenths = [0] * 10
    for seconds in delays:
        tenths[min(9, int(10 * seconds / ceiling))] += 1
    if max(tenths) > (SHARE + CHANCE) * DRAWS:
        fullest = tenths.index(max(tenths))
        raise Wrong(
            f"{max(tenths)} {jobs} come back between {fullest * ceiling / 10:g} and {(fullest + 1) * ceiling / 10:g} s "
            f"later; the ceiling is {ceiling} s",
            must_hold=f"jobs that failed together are spread: at most {SHARE:.0%} of them in one tenth of the span",
            hint=2 if attempt < 9 else 3,
        )
    seconds, enough = len({int(one) for one in delays}), min(HERDS, ceiling // 3)
    if seconds < enough:
        raise Wrong(
            f"{DRAWS} jobs after attempt {attempt} come back in {seconds} different seconds; the ceiling is {ceiling} s",
            must_hold=f"jobs that failed together do not come in a few herds: here in at least {enough} different seconds",
            hint=2,
        )
    average = sum(delays) / len(delays)
    if average < ceiling / 3:
        raise Wrong(
            f"after attempt {attempt} {DRAWS} jobs wait for {average:.1f} s on average; the ceiling is {ceiling} s",
            must_hold="the delay grows with the ceiling: on average it is at least a third of it",
            hint=1,
        )


# 13.2: bring back what is due


NOW = 1000.5
DUE = {4: 900, 2: 950.25, 6: 1000.25, 1: 1000.5}
"""Order → when its mail is due, by NOW; the order of due times is neither that of the ids nor that of the bytes."""

NOT_DUE = {3: 1000.75, 5: 5000}


def _mail(n):
    return job("mail", {"order": n}, f"mail-{n}")


def move_once(r, move_due, now):
    given(f"move_due(r, {now})")
    return move_due(r, now)


@checks(
    "13.2",
    title="move_due",
    budget=5,
    hints=[
        "Stop at each point between two commands, and kill the scheduler there. In how many places is each job?",
        "Another scheduler may do all of its work between two of your commands, and a new job may come in. What do you then still know about what you read?",
        "Finding what is due, removing it and pushing it should be seen by others as one step. Which of Redis's two tools gives you that?",
    ],
)
def check_move_due(move_due, trial):
    _check_one_scheduler(move_due, trial)
    # Traced once a server has seen whatever happens only once (a script that is loaded).
    _three_due(trial)
    trial.result(trial.worker(move_once, trial.redis, move_due, NOW, name="traced"))
    operations = trial.operations("traced")
    if not operations:
        raise CannotTell("the jobs were moved without an operation on Redis that could be hit")
    for number, point in enumerate(crash_points(operations)):
        _check_scheduler_killed(move_due, trial, number, point)
    stood = [_check_two_schedulers(move_due, trial, operations, n) for n in _moments(operations)]
    late = [_check_newcomer(move_due, trial, operations, n) for n in _moments(operations)]
    if not any(stood) or not any(late):
        raise CannotTell("the first scheduler was to stand still before an operation, and never did")
    names = ", ".join(dict.fromkeys(operations))
    return [
        f"{len(DUE)} due jobs moved in the order of their due times, {len(NOT_DUE)} left where they were",
        f"killed before and after each operation ({names}), two schedulers at once, a job coming in meanwhile: each job once",
    ]


def _judge_places(trial, circumstance, accepted, must_hold, hint=1):
    """End the check as WRONG if a job is lost or twice there, in `jobs` and `retry`, or is not what it was."""
    waiting, retry = trial.redis.lrange("jobs", 0, -1), trial.redis.zrange("retry", 0, -1)
    ledger = Ledger(accepted=accepted, found={"jobs": map(id_of, waiting), "retry": map(id_of, retry)})
    broken = anomalies.find_anomalies(ledger, records=trial.history.records())
    if broken:
        raise Wrong(circumstance, anomalies=broken, must_hold=must_hold, hint=hint)
    was = {f"mail-{n}": as_text(_mail(n)) for n in range(1, 10)}
    changed = anomalies.find_changed(was, {id_of(raw): as_text(raw) for raw in (*waiting, *retry)})
    if changed:
        raise Wrong(circumstance, anomalies=[changed], must_hold="jobs are moved as they are", hint=None)


def _check_one_scheduler(move_due, trial):
    trial.again()
    trial.redis.lpush("jobs", _mail(7))
    trial.redis.zadd("retry", {_mail(n): due for n, due in {**DUE, **NOT_DUE}.items()})
    value = trial.result(trial.worker(move_once, trial.redis, move_due, NOW))
    circumstance = f"it is {NOW}; four jobs are due, two are not, mail-7 waits in jobs"
    everything = [f"mail-{n}" for n in range(1, 8)]
    _judge_places(trial, circumstance, everything, "each job is in retry or in jobs, once")
    left = {id_of(raw): due for raw, due in trial.redis.zrange("retry", 0, -1, withscores=True)}
    for n, due in DUE.items():
        if f"mail-{n}" in left:
            raise Wrong(
                circumstance, f"mail-{n} was due at {due} and is still in retry", must_hold="all that is due is moved", hint=None
            )
    for n, due in NOT_DUE.items():
        if left.get(f"mail-{n}") != due:
            raise Wrong(
                circumstance,
                f"mail-{n} is due at {due} and " + ("has another due time now" if f"mail-{n}" in left else "was moved"),
                must_hold="what is not due yet stays as it is",
                hint=None,
            )
    order = ["mail-7", *(f"mail-{n}" for n in DUE)]
    seen = [id_of(raw) for raw in reversed(trial.redis.lrange("jobs", 0, -1))]
    reordered = anomalies.find_reordered({"jobs": seen}, {"jobs": order})
    if reordered:
        raise Wrong(
            circumstance,
            f"they will be taken in the order {', '.join(seen)}",
            anomalies=[reordered],
            must_hold="moved jobs come behind what waits in jobs, the one that was due first is taken first",
            hint=None,
        )
    again = trial.result(trial.worker(move_once, trial.redis, move_due, NOW))
    if (value, again) != (4, 0):
        raise Wrong(
            circumstance,
            f"move_due returned {value!r}, called again {again!r}",
            must_hold="it returns how many jobs it moved: here 4, then 0",
            hint=None,
        )


THREE = ["mail-1", "mail-2", "mail-3", "mail-5", "mail-7"]


def _three_due(trial):
    """mail-1, mail-2 and mail-3 are due, mail-5 is not, mail-7 waits."""
    trial.again()
    trial.redis.lpush("jobs", _mail(7))
    trial.redis.zadd("retry", {_mail(n): due for n, due in {1: 900, 2: 950, 3: 1000, 5: 5000}.items()})


def _check_scheduler_killed(move_due, trial, number, point):
    _three_due(trial)
    name = f"scheduler {number + 1}"
    outcome = trial.outcome(trial.worker(move_once, trial.redis, move_due, NOW, name=name, fault=point))
    trial.expect_no_error(outcome)
    trial.expect_fault(outcome, point)
    circumstance = f"{name} was {outcome.fault}"
    must_hold = "wherever a scheduler is killed, each job is in retry or in jobs, once"
    _judge_places(trial, circumstance, THREE, must_hold)
    circumstance = f"{circumstance}, then another scheduler ran"
    trial.result(trial.worker(move_once, trial.redis, move_due, NOW, name="the other scheduler"), circumstance=circumstance)
    _judge_places(trial, circumstance, THREE, must_hold)
    _judge_nothing_due(trial, circumstance)


def _judge_nothing_due(trial, circumstance, must_hold="the next call moves what a dead scheduler left", hint=None, but=()):
    due = [id_of(raw) for raw in trial.redis.zrange("retry", "-inf", NOW, byscore=True) if id_of(raw) not in but]
    if due:
        raise Wrong(
            circumstance,
            f"{' and '.join(due)} should have been moved, and {'is' if len(due) == 1 else 'are'} still in retry",
            must_hold=must_hold,
            hint=hint,
        )


def _check_two_schedulers(move_due, trial, operations, n):
    """All of the second scheduler's work happens right before the n-th operation of the first."""
    _three_due(trial)
    first = trial.worker(move_once, trial.redis, move_due, NOW, name="scheduler 1", fault=f"hold before * {n}")
    stood = first.wait_held()
    circumstance = f"scheduler 2 ran while scheduler 1 stood {_right_before(operations, n)}"
    second = trial.result(trial.worker(move_once, trial.redis, move_due, NOW, name="scheduler 2"), circumstance=circumstance)
    first.release()
    value = trial.result(first, circumstance=circumstance)
    _judge_places(trial, circumstance, THREE, "each due job is moved by one scheduler", hint=2)
    _judge_nothing_due(trial, circumstance, "what is due is moved by one of two schedulers", hint=2)
    if (value or 0) + (second or 0) != 3:
        raise Wrong(
            circumstance,
            f"three jobs were moved; scheduler 1 returned {value!r}, scheduler 2 {second!r}",
            must_hold="each moved job is counted by the scheduler that moved it, and by no other",
            hint=2,
        )
    return stood


def _check_newcomer(move_due, trial, operations, n):
    """A job comes into `retry`, due already, right before the n-th operation of a scheduler."""
    _three_due(trial)
    worker = trial.worker(move_once, trial.redis, move_due, NOW, name="scheduler 1", fault=f"hold before * {n}")
    stood = worker.wait_held()
    trial.redis.zadd("retry", {_mail(8): 990})
    worker.release()
    circumstance = f"mail-8, due since 990, came into retry {_right_before(operations, n)} of the scheduler"
    value = trial.result(worker, circumstance=circumstance)
    _judge_places(trial, circumstance, [*THREE, "mail-8"], "each job is in retry or in jobs, once", hint=2)
    meanwhile = "a job that comes in meanwhile does not keep those that were due from being moved"
    _judge_nothing_due(trial, circumstance, meanwhile, hint=2, but=["mail-8"])
    moved = trial.redis.llen("jobs") - 1
    if value != moved:
        raise Wrong(
            circumstance,
            f"{moved} jobs were moved; move_due returned {value!r}",
            must_hold="it returns how many jobs it moved",
            hint=2,
        )
    return stood


# 13.3: retry, bury, redrive


ADDED = ("attempts", "first", "last", "reason")


LONG = 2
"""A seed whose first draw is near the ceiling: an answer that waits itself, or too long, is soon seen."""


def fail_once(r, failures, most, worker, raw, error, now, seed=LONG):
    given(f"{failures.__name__}(r, most={most}).fail({worker!r}, {raw!r}, {error!r}, {now}, rng)")
    return failures(r, most).fail(worker, raw, error, now, random.Random(seed))


def fail_all(r, failures, most, worker, raws, error, now, seed):
    """Several jobs of one worker fail, one after the other, with one generator. What `fail` returned, each time."""
    rng, returned = random.Random(seed), []
    for raw in raws:
        given(f"{failures.__name__}(r, most={most}).fail({worker!r}, {raw!r}, {error!r}, {now}, rng)")
        returned.append(failures(r, most).fail(worker, raw, error, now, rng))
    return returned


def redrive_once(r, failures, id):
    given(f"{failures.__name__}(r).redrive({id!r})")
    return failures(r).redrive(id)


@checks(
    "13.3",
    title="Failures",
    budget=5,
    hints=[
        "Kill the worker between any two of your commands. In how many of jobs, the worker's list, retry and dead is the job?",
        "The worker may have lost the job to another one before it says that it failed. Which reply tells you that it still had it, and what may only happen then?",
        "Who redrives reads the dead set first. Another may do the same at that moment: what does each of them still know when it acts?",
    ],
)
def check_failures(failures, trial):
    _check_first_failure(failures, trial)
    _check_twice_held(failures, trial)
    to_retry = _check_fail_crashes(failures, trial, 3, "retry")
    _check_until_dead(failures, trial)
    _check_malformed(failures, trial)
    _check_delays(failures, trial)
    to_dead = _check_fail_crashes(failures, trial, 1, "dead")
    _check_not_held(failures, trial, to_retry)
    _check_list_changes(failures, trial, to_retry)
    _check_redrive(failures, trial)
    back = _check_redrive_crashes(failures, trial)
    fail, redrive = (", ".join(dict.fromkeys(names)) for names in (to_retry + to_dead, back))
    return [
        "attempts, first and last time and reason are counted; after the last attempt dead, malformed at once",
        f"killed before and after each operation of fail ({fail}) and of redrive ({redrive}): each job in one place",
        "a worker that has lost its job changes nothing; two redrives at once give the job back once",
    ]


def _cursor_job(n, **added):
    """A job of this lab's check: as lab 11 makes it, with keys behind it, and with values that not every JSON tool keeps."""
    args = {"order": n, "items": [], "barcode": 12345678901234567}
    return json.dumps({**json.loads(_mail(n)), "args": args, "cursor": 40, "text": "Thank you", **added}).encode()


def _hold(trial, *raws):
    """worker 1 holds `raws` and mail-2, worker 2 holds mail-3, mail-4 waits."""
    trial.again()
    trial.redis.lpush("processing:worker 1", *raws, _mail(2))
    trial.redis.lpush("processing:worker 2", _mail(3))
    trial.redis.lpush("jobs", _mail(4))


def _places(trial):
    """Where every job is now, by the layout of the lab: {place: [raw, …]}."""
    for key in ("retry", "dead"):
        kind = trial.redis.type(key).decode()
        if kind not in ("zset", "none"):
            raise Wrong(f"{key} is a {kind}", must_hold="retry and dead are sorted sets", hint=None)
    places = {"jobs": trial.redis.lrange("jobs", 0, -1)}
    for worker in ("worker 1", "worker 2"):
        places[f"the list of {worker}"] = trial.redis.lrange(f"processing:{worker}", 0, -1)
    return {**places, "retry": trial.redis.zrange("retry", 0, -1), "dead": trial.redis.zrange("dead", 0, -1)}


def _judge_law(trial, circumstance, accepted, must_hold="at every moment each job is in one place", hint=1):
    """End the check as WRONG if a job is lost or twice there. Gives the places: {place: [id, …]}."""
    found = {place: [id_of(raw) for raw in raws] for place, raws in _places(trial).items()}
    broken = anomalies.find_anomalies(Ledger(accepted=accepted, found=found), records=trial.history.records())
    if broken:
        raise Wrong(circumstance, anomalies=broken, must_hold=must_hold, hint=hint)
    return found


OTHERS = ["mail-2", "mail-3", "mail-4"]


def _judge_neighbours(found, circumstance):
    expected = {"the list of worker 1": "mail-2", "the list of worker 2": "mail-3", "jobs": "mail-4"}
    for place, id in expected.items():
        if id not in found[place]:
            raise Wrong(
                circumstance, f"{id} is no longer in {place}", must_hold="only the job that failed is moved", hint=None
            )


def _in_set(trial, circumstance, place, id, must_hold):
    """The entry of a job and its score in the sorted set where it must be now; ends the check as WRONG elsewhere."""
    for raw, score in trial.redis.zrange(place, 0, -1, withscores=True):
        if id_of(raw) == id:
            return read_job(raw) or {}, score, raw
    where = [name for name, raws in _places(trial).items() if id in map(id_of, raws)]
    raise Wrong(circumstance, f"{id} is in {' and in '.join(where) or 'no place'}", must_hold=must_hold, hint=None)


def _judge_entry(circumstance, entry, own, attempts, first, last, error):
    """End the check as WRONG unless the entry is the job itself, with what is known of its failures behind it."""
    for key, value in own.items():
        if entry.get(key) != value:
            raise Wrong(
                circumstance,
                f"the job had {key} {value!r}, and has {entry.get(key)!r}" if key in entry else f"its {key} is gone",
                must_hold="everything that was in the job stays in it",
                hint=None,
            )
    for key, value in {"attempts": attempts, "first": first, "last": last}.items():
        if entry.get(key) != value:
            raise Wrong(
                circumstance,
                f"{key} is {entry.get(key)!r}, and should be {value!r}",
                must_hold="attempts counts the failed attempts, first is the time of the first one, last of the last one",
                hint=None,
            )
    reason = str(entry.get("reason"))
    if type(error).__name__ not in reason or str(error) not in reason:
        raise Wrong(
            circumstance,
            f"reason is {entry.get('reason')!r}",
            must_hold="the reason names kind and message of the last exception",
            hint=None,
        )


def _judge_true(value, circumstance):
    if value not in (True, 1):
        raise Wrong(circumstance, f"fail returned {value!r}", must_hold="fail returns True when the worker held the job", hint=None)


def _check_first_failure(failures, trial):
    raw, error = _cursor_job(1), ConnectionError("no answer")
    _hold(trial, raw)
    trial.result(trial.worker(fail_once, trial.redis, failures, 3, "worker 1", raw, error, 1000.5))
    circumstance = "worker 1 held mail-1 and mail-2; mail-1 failed for the first time, in second 1000.5"
    found = _judge_law(trial, circumstance, ["mail-1", *OTHERS], "the job leaves the worker's list and comes into retry, once")
    _judge_neighbours(found, circumstance)
    retried = "with attempts left, a failed job comes into retry"
    entry, due, _ = _in_set(trial, circumstance, "retry", "mail-1", retried)
    _judge_entry(circumstance, entry, json.loads(raw), 1, 1000.5, 1000.5, error)
    if not 1000.5 <= due <= 1000.5 + FIRST:
        raise Wrong(
            circumstance,
            f"it is due at {due:g}",
            must_hold=f"it is due `delay` seconds after now: after its first attempt at most {FIRST}",
            hint=None,
        )


def _check_twice_held(failures, trial):
    """Two equal jobs in one list: somebody pushed mail-1 twice."""
    raw = _cursor_job(1)
    _hold(trial, raw, raw)
    worker = trial.worker(fail_once, trial.redis, failures, 3, "worker 1", raw, ConnectionError("no answer"), 1000)
    trial.result(worker)
    left = _places(trial)["the list of worker 1"].count(raw)
    if left != 1:
        raise Wrong(
            "mail-1 was pushed twice: worker 1 held two equal jobs, and one of them failed",
            f"now its list has {left} of them",
            must_hold="raw leaves the list once: the other one stays",
            hint=None,
        )


def _check_until_dead(failures, trial):
    """One job fails until it is dead: each time it is taken from where it was and held by worker 1 again."""
    errors = [ConnectionError("no answer"), TimeoutError("too slow"), ValueError("no such order")]
    for most in (3, 1):
        raw = own = _cursor_job(1)
        _hold(trial, raw)
        for attempt in range(1, most + 1):
            now, error = 1000 + 100 * attempt, errors[attempt - 1]
            circumstance = f"with most={most}: mail-1 failed for the {('1st', '2nd', '3rd')[attempt - 1]} time, in second {now}"
            value = trial.result(
                trial.worker(fail_once, trial.redis, failures, most, "worker 1", raw, error, now), circumstance=circumstance
            )
            place = "dead" if attempt == most else "retry"
            found = _judge_law(trial, circumstance, ["mail-1", *OTHERS])
            _judge_neighbours(found, circumstance)
            must_hold = "attempt number `most` is the last one: then the job comes into dead, and not before"
            entry, score, raw = _in_set(trial, circumstance, place, "mail-1", must_hold)
            _judge_entry(circumstance, entry, json.loads(own), attempt, 1100, now, error)
            _judge_true(value, circumstance)
            if place == "retry":
                trial.redis.zrem("retry", raw)
                trial.redis.rpush("processing:worker 1", raw)
            elif score != now:
                raise Wrong(circumstance, f"its score in dead is {score:g}", must_hold="the score in dead is now", hint=None)


MALFORMED = [b"not json", b"\xff\xfe", b'{"id": "mail-1", "na', b"[7]", b"7", b'{"name": "mail", "args": {}}']


def _check_malformed(failures, trial):
    """Things that are no jobs, one after the other, in one worker."""
    error = ValueError("no job")
    texts = [raw.decode(errors="replace") for raw in MALFORMED]
    circumstance = "worker 1 held things that are no jobs; each failed for the first time, in second 1000"
    _hold(trial, *MALFORMED)
    worker = trial.worker(fail_all, trial.redis, failures, 3, "worker 1", MALFORMED, error, 1000, 1)
    values = trial.result(worker, circumstance=circumstance)
    dead = [entry for entry in map(read_job, trial.redis.zrange("dead", 0, -1)) if entry]
    places = {place: raws for place, raws in _places(trial).items() if place != "dead"}
    for raw, text in zip(MALFORMED, texts):
        if not any(entry.get("text") == text for entry in dead):
            where = [place for place, raws in places.items() if any(raw == one or id_of(one) == text for one in raws)]
            raise Wrong(
                circumstance,
                f"one of them was {raw!r}: now it is in {where[0] if where else 'no place'}, and not in dead as JSON with its text",
                must_hold="a malformed job comes into dead at once, with its text: trying again cannot mend it",
                hint=None,
            )
    _judge_neighbours(_judge_law(trial, circumstance, [*texts, *OTHERS]), circumstance)
    for text in texts:
        entry, _, _ = _in_set(trial, circumstance, "dead", text, "a malformed job comes into dead")
        _judge_entry(circumstance, entry, {"text": text}, 1, 1000, 1000, error)
    for value in values:
        _judge_true(value, circumstance)


def _check_delays(failures, trial):
    """30 jobs that have failed five times fail again, together."""
    raws = [_cursor_job(n, attempts=5, first=10, last=900, reason="ConnectionError: no answer") for n in range(1, 31)]
    dues = []
    for _ in range(2):
        trial.again()
        trial.redis.lpush("processing:worker 1", *raws)
        worker = trial.worker(fail_all, trial.redis, failures, 25, "worker 1", raws, ConnectionError("no answer"), 1000, 7)
        trial.result(worker)
        dues.append({id_of(raw): due for raw, due in trial.redis.zrange("retry", 0, -1, withscores=True)})
    circumstance = "30 jobs failed together, each for the sixth time, in second 1000"
    must_hold = "a job is due `delay` seconds after now, for as many attempts as have been made"
    found = dues[0]
    if len(found) != 30:
        raise Wrong(
            circumstance,
            f"{len(found)} of them are in retry; most was 25",
            must_hold="with attempts left, a failed job comes into retry",
            hint=None,
        )
    last = max(found.values()) - 1000
    if min(found.values()) < 1000 or last > _ceiling(6):
        between = f"they are due between second {min(found.values()):g} and {max(found.values()):g}"
        raise Wrong(circumstance, between, must_hold=must_hold, hint=None)
    if last <= _ceiling(5):
        raise Wrong(
            circumstance,
            f"the last of them is due {last:.0f} s later; after six attempts the ceiling is {_ceiling(6)} s",
            must_hold=must_hold,
            hint=None,
        )
    if len(set(found.values())) < 15:
        raise Wrong(
            circumstance,
            f"they are due at {len(set(found.values()))} different times",
            must_hold="each job has a delay of its own, drawn from the rng that is given",
            hint=None,
        )
    if dues[1] != found:
        raise Wrong(
            circumstance, "the same rng gave other due times", must_hold="all chance comes from the rng that is given", hint=None
        )


def _check_fail_crashes(failures, trial, most, place):
    """Kill the worker before and after each operation of `fail`, on the job's way to `place`. Gives the operations."""
    raw, error = _cursor_job(1), ConnectionError("no answer")
    _hold(trial, raw)
    trial.result(trial.worker(fail_once, trial.redis, failures, most, "worker 1", raw, error, 1000, name="traced"))
    operations = trial.operations("traced")
    for point in crash_points(operations):
        _hold(trial, raw)
        worker = trial.worker(
            fail_once, trial.redis, failures, most, "worker 1", raw, error, 1000, name="worker 1", fault=point
        )
        outcome = trial.outcome(worker)
        trial.expect_no_error(outcome)
        trial.expect_fault(outcome, point)
        circumstance = f"mail-1 was on its way to {place}; worker 1 was {outcome.fault}"
        found = _judge_law(trial, circumstance, ["mail-1", *OTHERS])
        _judge_neighbours(found, circumstance)
        if place == "retry" and "mail-1" in found["the list of worker 1"]:
            # Whoever finds it there tries again, and it fails again: what was half done must not be in the way.
            trial.result(trial.worker(fail_once, trial.redis, failures, most, "worker 1", raw, error, 1010))
            found = _judge_law(trial, f"{circumstance}; then it failed once more", ["mail-1", *OTHERS])
        if "mail-1" not in found[place] + (found["the list of worker 1"] if place == "dead" else []):
            where = [name for name, ids in found.items() if "mail-1" in ids]
            raise Wrong(circumstance, f"mail-1 is in {where[0]}", must_hold=f"a failed job comes into {place}", hint=None)
    return operations


def _check_not_held(failures, trial, operations):
    """worker 1 says that mail-1 failed, which worker 2 holds: from the beginning, or since right before operation n."""
    raw, error = _cursor_job(1), ConnectionError("no answer")
    truth = "fail returns False and changes nothing when the worker does not hold the job"
    for most in (3, 1):
        _hold(trial, raw)
        trial.redis.lmove("processing:worker 1", "processing:worker 2", "RIGHT", "LEFT")
        before = dump_all(trial)
        value = trial.result(trial.worker(fail_once, trial.redis, failures, most, "worker 1", raw, error, 1000))
        circumstance = "worker 1 was slow, mail-1 was given to worker 2; then worker 1 said that it failed"
        _judge_law(trial, circumstance, ["mail-1", *OTHERS], truth, hint=2)
        if dump_all(trial) != before or value not in (False, 0):
            did = f"and changed {', '.join(changed_keys(before, dump_all(trial)))}" if dump_all(trial) != before else "and changed nothing"
            raise Wrong(circumstance, f"fail returned {value!r} {did}", must_hold=truth, hint=2)

    stood = False
    for n in _moments(operations):
        _hold(trial, raw)
        worker = trial.worker(fail_once, trial.redis, failures, 3, "worker 1", raw, error, 1000, name="held", fault=f"hold before * {n}")
        if not worker.wait_held():
            continue
        stood = True
        trial.redis.lmove("processing:worker 1", "processing:worker 2", "RIGHT", "LEFT")
        worker.release()
        circumstance = f"mail-1 was given to worker 2 {_right_before(operations, n)} of worker 1's fail"
        value = trial.result(worker, circumstance=circumstance)
        # What was moved before the job was given away is gone from the list, and nothing was given away.
        found = _judge_law(trial, circumstance, ["mail-1", *OTHERS], truth, hint=2)
        if value != ("mail-1" in found["retry"]):
            raise Wrong(circumstance, f"fail returned {value!r}", must_hold=truth, hint=2)
    if not stood:
        raise CannotTell("fail was to stand still before an operation, and never did")


def _check_list_changes(failures, trial, operations):
    """mail-2 is finished right before operation n of fail: another job, of which fail need not know."""
    raw, error = _cursor_job(1), ConnectionError("no answer")
    for n in range(2, len(operations) + 1):
        _hold(trial, raw)
        worker = trial.worker(fail_once, trial.redis, failures, 3, "worker 1", raw, error, 1000, name="held", fault=f"hold before * {n}")
        if not worker.wait_held():
            continue
        trial.redis.lrem("processing:worker 1", 1, _mail(2))
        worker.release()
        circumstance = f"worker 1 held mail-1 and mail-2; mail-2 was finished {_right_before(operations, n)} of the fail of mail-1"
        value = trial.result(worker, circumstance=circumstance)
        found = _judge_law(trial, circumstance, ["mail-1", "mail-3", "mail-4"], hint=2)
        if "mail-1" not in found["retry"] or value not in (True, 1):
            where = next(name for name, ids in found.items() if "mail-1" in ids)
            raise Wrong(
                circumstance,
                f"fail returned {value!r}; mail-1 is in {where}",
                must_hold="as long as the worker holds the job, fail moves it and returns True, whatever happens to other jobs",
                hint=2,
            )


DEAD = ["mail-0", "mail-1", "mail-11", "not json"]
"""In the order in which they stand in `dead`: mail-0, which mentions mail-1, comes before it."""


def _bury(failures, trial):
    """mail-0, mail-1, mail-11 and a malformed job are in `dead`, put there by the answer itself; mail-4 waits."""
    trial.again()
    note = json.dumps({**json.loads(_mail(0)), "args": {"order": 0, "id": "mail-1"}}).encode()
    raws = [note, _cursor_job(1), _mail(11), b"not json"]
    trial.redis.lpush("processing:worker 1", *raws)
    trial.redis.lpush("jobs", _mail(4))
    worker = trial.worker(fail_all, trial.redis, failures, 1, "worker 1", raws, ValueError("no such order"), 1000, 1)
    trial.result(worker)
    if sorted(map(id_of, trial.redis.zrange("dead", 0, -1))) != sorted(DEAD):
        raise CannotTell("four jobs were to be buried for the redrive, and are not in dead")
    return dump_all(trial)


def _check_redrive(failures, trial):
    buried = _bury(failures, trial)
    accepted = [*DEAD, "mail-4"]
    circumstance = "mail-0, mail-1, mail-11 and a malformed job are in dead, mail-4 waits; redrive('mail-1') is called"
    worker = trial.worker(redrive_once, trial.redis, failures, "mail-1")
    value = trial.result(worker, circumstance=circumstance)
    found = _judge_law(trial, circumstance, accepted, "the job leaves dead and comes into jobs, once", hint=3)
    if "mail-1" not in found["jobs"] or len(found["dead"]) != 3:
        moved = [id for id in DEAD if id not in found["dead"]]
        raise Wrong(
            circumstance,
            f"out of dead came {', '.join(moved) or 'nothing'}",
            must_hold="the job with this id, and no other, leaves dead and comes into jobs",
            hint=None,
        )
    if found["jobs"] != ["mail-1", "mail-4"]:
        raise Wrong(circumstance, "mail-1 overtook mail-4", must_hold="it comes to the left of jobs, behind what waits", hint=None)
    entry = read_job(trial.redis.lindex("jobs", 0))
    was = json.loads(_cursor_job(1))
    if entry != was:
        keys = [key for key in {**was, **(entry or {})} if (entry or {}).get(key, was) != was.get(key, was)]
        raise Wrong(
            circumstance,
            f"in jobs stands {as_text(trial.redis.lindex('jobs', 0))}",
            f"it differs in {', '.join(keys)}; before its failure it was {as_text(_cursor_job(1))}",
            must_hold=f"it comes back as it was before its first failure: without {', '.join(ADDED)}, with all else",
            hint=None,
        )
    if value not in (True, 1):
        raise Wrong(circumstance, f"redrive returned {value!r}", must_hold="redrive returns True when it gave the job back", hint=None)
    for id, why in (("mail-1", "is no longer in dead"), ("mail", "is no job's id")):
        before = dump_all(trial)
        value = trial.result(trial.worker(redrive_once, trial.redis, failures, id))
        if value not in (False, 0) or dump_all(trial) != before:
            did = f"changed {', '.join(changed_keys(before, dump_all(trial)))}" if dump_all(trial) != before else "changed nothing"
            raise Wrong(
                f"{id} {why}; redrive({id!r}) returned {value!r} and {did}",
                must_hold="redrive returns False and changes nothing when no job with this id is in dead",
                hint=3,
            )
    _check_two_redrives(failures, trial, buried, accepted)


def _check_two_redrives(failures, trial, buried, accepted):
    restore(trial, buried)
    trial.result(trial.worker(redrive_once, trial.redis, failures, "mail-1", name="traced"))
    operations, stood = trial.operations("traced"), False
    for n in _moments(operations):
        restore(trial, buried)
        first = trial.worker(redrive_once, trial.redis, failures, "mail-1", name="first", fault=f"hold before * {n}")
        stood |= bool(first.wait_held())
        circumstance = f"one redrive('mail-1') ran while another stood {_right_before(operations, n)}"
        second = trial.result(trial.worker(redrive_once, trial.redis, failures, "mail-1", name="second"), circumstance=circumstance)
        first.release()
        value = trial.result(first, circumstance=circumstance)
        _judge_law(trial, circumstance, accepted, "two redrives at once give the job back once", hint=3)
        if sorted((value, second), key=str) != [False, True]:
            raise Wrong(
                circumstance,
                f"they returned {value!r} and {second!r}",
                must_hold="redrive returns True to the one call that gave the job back",
                hint=3,
            )
    if not stood:
        raise CannotTell("redrive was to stand still before an operation, and never did")
    for n in range(2, len(operations) + 1):
        restore(trial, buried)
        first = trial.worker(redrive_once, trial.redis, failures, "mail-1", name="first", fault=f"hold before * {n}")
        if not first.wait_held():
            continue
        trial.redis.zrem("dead", next(raw for raw in trial.redis.zrange("dead", 0, -1) if id_of(raw) == "mail-11"))
        first.release()
        circumstance = f"mail-11 left dead {_right_before(operations, n)} of redrive('mail-1')"
        value = trial.result(first, circumstance=circumstance)
        found = _judge_law(trial, circumstance, [id for id in accepted if id != "mail-11"], hint=3)
        if "mail-1" not in found["jobs"] or value not in (True, 1):
            where = next(name for name, ids in found.items() if "mail-1" in ids)
            raise Wrong(
                circumstance,
                f"it returned {value!r}; mail-1 is in {where}",
                must_hold="as long as the job is in dead, redrive gives it back, whatever happens to other jobs",
                hint=3,
            )


def _check_redrive_crashes(failures, trial):
    buried = _bury(failures, trial)
    trial.result(trial.worker(redrive_once, trial.redis, failures, "mail-1", name="traced"))
    operations = trial.operations("traced")
    for point in crash_points(operations):
        restore(trial, buried)
        outcome = trial.outcome(trial.worker(redrive_once, trial.redis, failures, "mail-1", name="redrive", fault=point))
        trial.expect_no_error(outcome)
        if not outcome.faults:
            continue  # it found the job earlier this time, with fewer operations
        circumstance = f"redrive('mail-1') was {outcome.fault}"
        _judge_law(trial, circumstance, [*DEAD, "mail-4"])
        if "after" not in point:
            continue
        trial.result(trial.worker(redrive_once, trial.redis, failures, "mail-1"))
        found = _judge_law(trial, f"{circumstance}, then called again", [*DEAD, "mail-4"])
        if "mail-1" not in found["jobs"]:
            raise Wrong(
                f"{circumstance}, then called again", "mail-1 is still in dead", must_hold="the next redrive gives it back", hint=None
            )
    return operations
