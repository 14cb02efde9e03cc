"""Lab 18: long jobs, deployments and crashes. How the answers to 18.1 and 18.2 are judged.

The layout: jobs are JSON (lab 11) in the list `jobs`; what worker w has taken is in `processing:w`, and w lives as long as
the key `lease:w` exists (lab 15); the dead set is the sorted set `dead` (lab 13); the hash `interrupted` says how often
each job was given back by a worker that had to stop.

A job's length is counted in ticks, here mails: a deployment is the fault "stop after mail 4", SIGTERM right after the
fourth. Nothing is timed. Judged is where every job is afterwards, and how many mails were sent.
"""

import itertools
import json

from workbook import anomalies, faults
from workbook.anomalies import Ledger, as_text
from workbook.checks.jobs import found_elsewhere, id_of, ids_in
from workbook.exercises import checks
from workbook.faults import given
from workbook.taught.lab11 import job
from workbook.taught.lab15 import Leases, finish, take
from workbook.verdicts import CannotTell, Wrong

BROKERS = ("redis",)

LEASE = 60_000
"""Milliseconds: no lease ends within a check."""


# What the checks share


def _newsletter(number, customers):
    return job("newsletter", {"number": number, "customers": customers}, f"newsletter-{number}")


def _dead(trial):
    """The dead set: [(id, entry or None, score)], oldest first. It ends the check as WRONG if `dead` is no sorted set."""
    kind = as_text(trial.redis.type("dead"))
    if kind not in ("zset", "none"):
        raise Wrong(f"the key dead is a {kind}", must_hold="the dead set `dead` is a sorted set", hint=None)
    found = []
    for member, score in trial.redis.zrange("dead", 0, -1, withscores=True):
        try:
            entry = json.loads(member)
        except ValueError:
            entry = None
        found.append((id_of(member), entry if isinstance(entry, dict) else None, score))
    return found


def _judge_law(trial, accepted, circumstance, must_hold, hint=1, workers=("worker 1",)):
    """End the check as WRONG unless each of these jobs is in one place: waiting, held by a worker, dead or done."""
    found = {"jobs": ids_in(trial), "done": trial.world.charges(), "the dead set": [id for id, *_ in _dead(trial)]}
    for worker in workers:
        found[f"the list of {worker}"] = ids_in(trial, f"processing:{worker}")
    broken = anomalies.find_anomalies(Ledger(accepted=accepted, found=found), records=trial.history.records())
    if broken:
        known = ["jobs", "dead", *(f"processing:{worker}" for worker in workers)]
        elsewhere = found_elsewhere(trial, broken[0].ids, known) if broken[0].name == "lost" else []
        raise Wrong(circumstance, *elsewhere, anomalies=broken, must_hold=must_hold, hint=hint)


# 18.1


GRACE = 2

BEGUN = "began the job"

ENDS = "after SIGTERM the job at hand may begin `grace` more steps, and no more, however often SIGTERM comes"
BACK = "a job that is not done within the grace is given back: next in `jobs`, as it was, and noted, in one step"


def _handlers(world, watch=None, stubborn=False):
    """A newsletter that sends one mail a tick and leaves a charge when it is done.

    watch: called before and after every tick. stubborn: it goes on with the next customer after any exception.
    """

    def newsletter(args, tick):
        faults.note(BEGUN)
        for n in range(1, args["customers"] + 1):
            try:
                if watch is None:
                    tick()
                else:
                    watch(tick)
                world.mail(f"customer {n}", f"newsletter-{args['number']}")
            except Exception:
                if not stubborn:
                    raise
        world.charge(f"newsletter-{args['number']}", 100)

    return {"newsletter": newsletter}


def run_worker(r, run, worker, world, grace, stubborn=False):
    given(f"run_until_stopped(r, {worker!r}, handlers, leases, grace={grace})")
    return run(r, worker, _handlers(world, stubborn=stubborn), Leases(r, LEASE), grace)


def run_watched(r, run, worker, world, grace):
    """End the worker's lease, or let it end soon, before each tick; how many ticks did not renew it, of how many."""
    renewed = []

    def watch(tick):
        with faults.no_steps("redis"):
            if len(renewed) % 2:
                r.pexpire(f"lease:{worker}", LEASE // 2)
            else:
                r.delete(f"lease:{worker}")
        tick()
        with faults.no_steps("redis"):
            renewed.append(LEASE // 2 < r.pttl(f"lease:{worker}") <= LEASE)

    given(f"run_until_stopped(r, {worker!r}, handlers, leases, grace={grace})")
    run(r, worker, _handlers(world, watch), Leases(r, LEASE), grace)
    return renewed.count(False), len(renewed)


@checks(
    "18.1",
    title="run_until_stopped",
    budget=5,
    hints=[
        "A signal handler runs between any two lines of yours. The less it does, the better: what is the least that it must leave behind?",
        "The job calls tick() before each step. That is the moment to count, and the only one at which you can end the job.",
        "The loop has to learn in which of two ways a job ended. Only one of them is a finish, and after SIGTERM neither is followed by another job.",
    ],
)
def check_run_until_stopped(run, trial):
    _check_idle(run, trial)
    _check_within_grace(run, trial)
    _check_beyond_grace(run, trial)
    _check_idle_stop(run, trial)
    _check_renewed(run, trial)
    points = _check_stop_anywhere(run, trial)
    operations, last = _stopped_operations(run, trial)
    kills = _check_killed_while_stopping(run, trial, operations, last)
    _check_robbed_while_stopping(run, trial, operations, last)
    _check_not_begun(run, trial)
    return [
        f"SIGTERM after tick 4: at most {GRACE} more ticks; done within them, or given back as it was and noted",
        f"SIGTERM at {points} points, SIGKILL at {kills} points while stopping: every job in one place",
    ]


def _begin(trial, *jobs):
    trial.again()
    for raw in jobs:
        trial.redis.lpush("jobs", raw)


def _run(trial, run, *, faults=(), name="worker 1", grace=GRACE, stubborn=False):
    return trial.worker(
        run_worker, trial.redis, run, "worker 1", trial.world, grace, stubborn, name=name, faults=faults
    )


def _went_on(trial, worker):
    """Whether the worker did anything after the fault: SIGTERM did not end it at once."""
    records = [entry for entry in trial.history.records() if entry["who"] == worker.name]
    return records[-1]["phase"] != "fault"


def _judge_ended(trial, worker, circumstance, outcome=None, grace=GRACE):
    """The value of a worker that SIGTERM came to and that had to return."""
    outcome = outcome or trial.outcome(worker)
    trial.expect_no_error(outcome, circumstance)
    trial.expect_fault(outcome, "stopped")
    if outcome.kind == "killed" and _went_on(trial, worker):
        raise Wrong(circumstance, "the process went on after SIGTERM, and then ended itself", must_hold="run_until_stopped returns", hint=3)
    if outcome.kind == "killed":
        held = {"worker 1": ids_in(trial, "processing:worker 1")}
        stuck = anomalies.find_stuck(held, records=trial.history.records())
        raise Wrong(
            circumstance,
            "SIGTERM ended the process at once" + ("; its job waits for the end of a lease" if stuck else ""),
            anomalies=[stuck] if stuck else [],
            must_hold="a worker that gets SIGTERM leaves nothing in its own list, and returns",
        )
    _judge_ticks(trial, outcome, circumstance, grace)
    if outcome.kind == "overran":
        raise Wrong(circumstance, "run_until_stopped had not returned after 3 s", must_hold="it returns", hint=3)
    return outcome.value


def _judge_ticks(trial, outcome, circumstance, grace):
    """No more than the grace: mails sent after the first SIGTERM, where it came after a mail."""
    first = outcome.fault if outcome.faults else ""
    if not first.endswith("mail") or "after" not in first:
        return
    sent, stopped = len(trial.world.mails()), 4
    if sent > stopped + grace:
        raise Wrong(
            circumstance,
            f"{sent - stopped} mails were sent after SIGTERM, {stopped + 1} to {sent}; "
            f"{stopped + 1} to {stopped + grace} were allowed",
            must_hold=ENDS,
            hint=2,
        )


def _judge_nothing_held(trial, circumstance):
    stuck = anomalies.find_stuck({"worker 1": ids_in(trial, "processing:worker 1")}, records=trial.history.records())
    if stuck:
        raise Wrong(
            circumstance,
            anomalies=[stuck],
            must_hold="a worker that gets SIGTERM leaves nothing in its own list, and returns",
            hint=3,
        )


def _interrupted(trial):
    """How often each job was noted as interrupted: {id: count}; what is no number is told as it is."""
    if trial.redis.type("interrupted") not in (b"hash", b"none"):
        return {"the key": as_text(trial.redis.type("interrupted"))}
    return {
        as_text(id): int(count) if count.isdigit() else as_text(count)
        for id, count in trial.redis.hgetall("interrupted").items()
    }


def _expect_interrupted(trial, expected, circumstance):
    noted = _interrupted(trial)
    if noted != expected:
        raise Wrong(
            circumstance,
            f"the hash interrupted should hold {expected or 'nothing'}, and holds {noted or 'nothing'}",
            must_hold="`interrupted` counts how often each job was given back, and nothing else",
            hint=None,
        )


def _expect_value(value, expected, circumstance):
    if value != expected:
        raise Wrong(
            circumstance,
            f"run_until_stopped returned {value!r}",
            must_hold='it returns "stopped" when SIGTERM came, "idle" when no job was left',
            hint=None,
        )


def _check_idle(run, trial):
    circumstance = "two newsletters of 3 ticks wait, and no SIGTERM comes"
    _begin(trial, _newsletter(1, 3), _newsletter(2, 3))
    value = trial.result(_run(trial, run), circumstance=circumstance)
    _judge_law(trial, ["newsletter-1", "newsletter-2"], circumstance, "a job that is done is finished", hint=None)
    left = ids_in(trial) + ids_in(trial, "processing:worker 1")
    if left:
        raise Wrong(
            circumstance,
            f"left in jobs or in the worker's list: {', '.join(left)}",
            must_hold="the worker goes on until no job is left, and finishes each",
            hint=None,
        )
    _expect_value(value, "idle", circumstance)
    _expect_interrupted(trial, {}, circumstance)


def _check_within_grace(run, trial):
    for ticks in (6, 5):
        circumstance = f"SIGTERM came after tick 4 of {ticks}, with a grace of 2; another newsletter waits"
        _begin(trial, _newsletter(1, ticks), _newsletter(2, 3))
        value = _judge_ended(trial, _run(trial, run, faults=["stop after mail 4"]), circumstance)
        done = trial.world.charges()
        if "newsletter-1" not in done and len(trial.world.mails()) < ticks:
            _judge_law(trial, ["newsletter-1", "newsletter-2"], circumstance, BACK)
            raise Wrong(
                circumstance,
                f"newsletter-1 was ended after tick {len(trial.world.mails())}",
                must_hold="a job that needs no more than the grace is done, and finished",
                hint=2,
            )
        finished = "a job that is done is finished, not given back"
        _judge_law(trial, ["newsletter-1", "newsletter-2"], circumstance, finished, hint=3)
        _judge_nothing_held(trial, circumstance)
        _judge_one_begun(trial, circumstance)
        _expect_value(value, "stopped", circumstance)
        _expect_interrupted(trial, {}, circumstance)


def _judge_one_begun(trial, circumstance):
    if any(text == "newsletter-2" for _, text in trial.world.mails()):
        raise Wrong(circumstance, "newsletter-2 was begun", must_hold="after SIGTERM no other job is begun", hint=3)


def _check_beyond_grace(run, trial):
    stubborn = "; the job catches every Exception and goes on with the next customer"
    again = "SIGTERM came after tick 4 of 10 and again after tick 5, with a grace of 2"
    plain = "SIGTERM came after tick 4 of 10, with a grace of 2"
    for circumstance, stops, catches in (
        (plain, ["stop after mail 4"], False),
        (again, ["stop after mail 4", "stop after mail 5"], False),
        (plain + stubborn, ["stop after mail 4"], True),
    ):
        raw = _newsletter(1, 10)
        _begin(trial, raw, _newsletter(2, 3))
        value = _judge_ended(trial, _run(trial, run, faults=stops, stubborn=catches), circumstance)
        _judge_given_back(trial, raw, circumstance)
        _expect_value(value, "stopped", circumstance)


def _judge_given_back(trial, raw, circumstance):
    """newsletter-1 is the next in jobs, as it was, noted once; newsletter-2 behind it, untouched."""
    both = ["newsletter-1", "newsletter-2"]
    _judge_law(trial, both, circumstance, BACK, hint=3)
    if "newsletter-1" in trial.world.charges():
        raise Wrong(
            circumstance,
            f"newsletter-1 went on to its end, and is finished with {len(trial.world.mails())} of 10 mails sent",
            must_hold="`tick` ends the job, whatever Exceptions the job catches",
            hint=2,
        )
    _judge_nothing_held(trial, circumstance)
    waiting = trial.redis.lrange("jobs", 0, -1)
    if raw not in waiting:
        now = next((as_text(one) for one in waiting if id_of(one) == "newsletter-1"), "not there")
        raise Wrong(
            circumstance,
            f"newsletter-1 was {as_text(raw)}",
            f"and in jobs is {now}",
            must_hold="a deployment is no fault of the job: it is given back as it was, and no attempt is counted",
            hint=None,
        )
    reordered = anomalies.find_reordered({"jobs": ids_in(trial)})
    if reordered:
        raise Wrong(circumstance, anomalies=[reordered], must_hold="the job that is given back comes next", hint=None)
    _expect_interrupted(trial, {"newsletter-1": 1}, circumstance)


def _check_idle_stop(run, trial):
    circumstance = "no job waits, and SIGTERM comes while the worker asks for one"
    _begin(trial)
    value = _judge_ended(trial, _run(trial, run, faults=["stop before * 1"]), circumstance)
    _expect_value(value, "stopped", circumstance)


def _check_renewed(run, trial):
    """Before SIGTERM and in a grace of 3, of which each step is used."""
    circumstance = "before each tick lease:worker 1 was deleted or half over; SIGTERM came after tick 4 of 10, the grace was 3"
    _begin(trial, _newsletter(1, 10))
    worker = trial.worker(
        run_watched, trial.redis, run, "worker 1", trial.world, 3, name="worker 1", faults=["stop after mail 4"]
    )
    missed, ticks = _judge_ended(trial, worker, circumstance, grace=3)
    if missed:
        raise Wrong(
            circumstance,
            f"after {missed} of {ticks} ticks it did not last as long as `leases` says",
            must_hold="each tick renews the worker's lease, so that a long job is not taken for a dead worker's",
            hint=None,
        )
    if ticks < 7:
        raise Wrong(
            circumstance,
            f"newsletter-1 was ended after tick {ticks}",
            must_hold="the job at hand may begin `grace` more steps",
            hint=2,
        )


def _check_not_begun(run, trial):
    """SIGTERM right before and after every operation up to the one that takes newsletter-1: it is not begun any more."""
    _begin(trial, _newsletter(1, 1))
    trial.result(_run(trial, run, name="traced"))
    before = list(itertools.takewhile(lambda entry: entry["what"] != BEGUN, trial.history.records()))
    steps = [entry["what"] for entry in before if entry["who"] == "traced" and entry["phase"] == "start"]
    steps.remove("worker")
    taken = max((n for n, step in enumerate(steps, 1) if step in faults.TAKES), default=len(steps))
    for n in range(1, taken + 1):
        for side in ("before", "after"):
            _begin(trial, _newsletter(1, 1))
            worker = _run(trial, run, faults=[f"stop {side} * {n}"], name=f"asked {side} {n}")
            outcome = trial.outcome(worker)
            told = outcome.fault if outcome.faults else "stopped"
            circumstance = f"the worker was {told}, newsletter-1 was not begun; the grace was {GRACE}"
            value = _judge_ended(trial, worker, circumstance, outcome)
            _judge_law(trial, ["newsletter-1"], circumstance, "a job that was taken and not begun is given back", hint=3)
            _judge_nothing_held(trial, circumstance)
            if trial.world.mails():
                raise Wrong(
                    circumstance,
                    "then newsletter-1 was begun",
                    must_hold="after SIGTERM no job is begun; one that is taken and not begun is given back",
                    hint=3,
                )
            _expect_value(value, "stopped", circumstance)
    _check_leased(run, trial, steps[taken - 1], steps[:taken].count(steps[taken - 1]))


def _check_leased(run, trial, take, nth):
    """Two newsletters to nobody, so without a tick: whoever has taken one of them has a lease, also when an earlier one ended."""
    _begin(trial, _newsletter(1, 0), _newsletter(2, 0))
    faults = [f"hold after {take} {n}" for n in (nth, 2 * nth)]
    worker = _run(trial, run, faults=faults)
    for number in (1, 2):
        if not worker.wait_held():
            raise CannotTell(f"the worker was to be held when it had taken newsletter-{number}, and did not get there")
        if not trial.redis.delete("lease:worker 1"):
            raise Wrong(
                f"newsletter-{number} has no tick; worker 1 has taken it, and there is no key lease:worker 1",
                must_hold="a worker renews its lease before it takes a job: without one it is taken for dead",
                hint=None,
            )
        worker.release()
    _judge_ended(trial, worker, "two jobs without a tick")


def _check_stop_anywhere(run, trial):
    """SIGTERM right before and right after every operation, until newsletter-1 of 2 ticks is finished; no grace."""
    both = [_newsletter(1, 2), _newsletter(2, 2)]
    _begin(trial, *both)
    trial.result(_run(trial, run, name="traced", grace=0))
    operations = trial.operations("traced")
    # Up to the end of the first newsletter and its finish, the first operation after its charge.
    last = operations.index("charge") + 2
    points = [f"stop {side} * {n}" for n in range(1, last + 1) for side in ("before", "after")]
    for number, point in enumerate(points):
        _begin(trial, *both)
        worker = _run(trial, run, faults=[point], name=f"stopped {number}", grace=0)
        outcome = trial.outcome(worker)
        if not outcome.faults:
            raise CannotTell(f"the worker was to be {point}, and did not get there this time")
        circumstance = f"the worker was {outcome.fault}; newsletter-1 has 2 ticks, the grace was 0"
        _judge_ended(trial, worker, circumstance, outcome)
        _judge_law(trial, ["newsletter-1", "newsletter-2"], circumstance, "each job is done and finished, or waits", hint=3)
        _judge_nothing_held(trial, circumstance)
        _judge_one_begun(trial, circumstance)
    return len(points)


def _stopped_operations(run, trial):
    """The operations of a worker that SIGTERM meets after tick 4 of 10, and the number of the last mail among them."""
    _begin(trial, _newsletter(1, 10))
    trial.outcome(_run(trial, run, faults=["stop after mail 4"], name="traced"))
    operations = trial.operations("traced")
    return operations, max(n for n, operation in enumerate(operations, 1) if operation == "mail")


def _check_killed_while_stopping(run, trial, operations, last):
    """SIGKILL between all operations after the job was ended: the platform's patience is at an end."""
    kills = [f"kill after * {n}" for n in range(last, len(operations) + 1)]
    for number, kill in enumerate(kills):
        _begin(trial, _newsletter(1, 10))
        outcome = trial.outcome(_run(trial, run, faults=["stop after mail 4", kill], name=f"killed {number}"))
        trial.expect_no_error(outcome)
        if len(outcome.faults) < 2:
            raise CannotTell(f"the worker was to be {kill}, and did not get there this time")
        circumstance = f"SIGTERM came after tick 4 of 10; then the worker was {outcome.faults[1]['note']}"
        _judge_law(trial, ["newsletter-1"], circumstance, BACK, hint=None)
        back = "newsletter-1" in ids_in(trial)
        if _interrupted(trial) != ({"newsletter-1": 1} if back else {}):
            where = "in jobs" if back else "in the worker's list"
            raise Wrong(
                circumstance,
                f"newsletter-1 is {where}, and interrupted holds {_interrupted(trial) or 'nothing'}",
                must_hold="given back and noted are one step: both, or neither",
                hint=None,
            )
    return len(kills)


def _check_robbed_while_stopping(run, trial, operations, last):
    """The job goes to worker 2 while worker 1 stands right before each operation with which it could give it back."""
    robbed = 0
    for n in range(last + 1, len(operations) + 1):
        _begin(trial, _newsletter(1, 10))
        worker = _run(trial, run, faults=["stop after mail 4", f"hold before * {n}"], name=f"held {n}")
        if not worker.wait_held():
            raise CannotTell(f"the worker was to be held before its operation {n}, and did not get there this time")
        moved = trial.redis.lmove("processing:worker 1", "processing:worker 2", "RIGHT", "LEFT")
        worker.release()
        trial.expect_no_error(trial.outcome(worker))
        if moved is None:
            continue  # it was given back by then
        robbed += 1
        circumstance = f"newsletter-1 was given to worker 2 right before worker 1's {operations[n - 1]}"
        held = {"worker 2": ids_in(trial, "processing:worker 2")}
        taken = anomalies.find_robbed({"worker 2": ["newsletter-1"]}, held)
        still = "a worker gives back only what it still holds"
        if taken:
            raise Wrong(circumstance, anomalies=[taken], must_hold=still, hint=None)
        _judge_law(trial, ["newsletter-1"], circumstance, still, None, ("worker 1", "worker 2"))
    if not robbed:
        raise CannotTell("worker 1 had always given newsletter-1 back before it could be taken away")


# 18.2


COUNTED = "one crash is counted once, in the step in which the job leaves the dead worker's list"
NOW = 1000.0
"""The time that `count_crash` is told; a crash later it is NOW + 1, and so on."""


def count_once(r, count_crash, worker, limit, now):
    given(f"count_crash(r, {worker!r}, {limit}, {now})")
    return count_crash(r, worker, limit, now)


def crash_on(r, count_crash, limit, again):
    """Whether photo-1 is in the dead set now, and after each crash more that a limit of 3 leaves it: taken from jobs, it kills
    worker 2, then worker 3. again: count worker 1's crash once more first."""

    def buried():
        with faults.no_steps("redis"):
            return r.zcard("dead") == 1

    if again:
        count_once(r, count_crash, "worker 1", limit, NOW)
    found = [buried()]
    for n in range(2, limit + 1):
        with faults.no_steps("redis"):
            r.lmove("jobs", f"processing:worker {n}", "RIGHT", "LEFT")
        count_once(r, count_crash, f"worker {n}", limit, NOW + n)
        found.append(buried())
    return found


def work_until_killed(r, worker, world):
    """Take, do, finish. A photo ends the process; it has no lease, so it is dead from then on."""
    import os
    import signal

    while (raw := take(r, worker, 0.1)) is not None:
        if json.loads(raw)["name"] == "photo":
            os.kill(os.getpid(), signal.SIGKILL)
        world.charge(id_of(raw), 100)
        finish(r, worker, raw)


@checks(
    "18.2",
    title="count_crash",
    budget=5,
    hints=[
        "The worker that was killed counted nothing, and you run in a process that may be killed too. Where does a count outlive both?",
        "Count how many moments there are in which the job has left the list and the crash is not counted, or the other way round. There must be none.",
        "Two of you may look at the same job at the same time. Which of Redis's ways lets only the first change anything?",
    ],
)
def check_count_crash(count_crash, trial):
    _check_nothing_held(count_crash, trial)
    _check_first_crash(count_crash, trial)
    _check_killer(count_crash, trial)
    _check_buried(count_crash, trial)
    _check_order(count_crash, trial)
    _check_each_its_own(count_crash, trial)
    _check_lowered_limit(count_crash, trial)
    operations = _check_counted_once(count_crash, trial)
    return [
        "3 workers killed with a limit of 3, then the job is in the dead set, and its neighbours are done",
        f"killed after each of {', '.join(operations)}, and with two at once: each crash counted once",
    ]


def _photo(number, **more):
    return json.dumps({**json.loads(job("photo", {"picture": number}, f"photo-{number}")), **more}).encode()


def _invoice(number):
    return job("invoice", {"order": number}, f"invoice-{number}")


def _count(trial, count_crash, worker="worker 1", limit=3, now=NOW, **options):
    return trial.worker(count_once, trial.redis, count_crash, worker, limit, now, **options)


def _counted(trial, count_crash, circumstance, worker="worker 1", limit=3, now=NOW):
    """Count one crash, and give the answer's word for what it did."""
    return trial.result(_count(trial, count_crash, worker, limit, now), circumstance=circumstance)


def _expect_word(value, expected, circumstance):
    if value != expected:
        raise Wrong(
            circumstance,
            f"count_crash returned {value!r}",
            must_hold='it returns what it did with one job, "given back" or "buried", and None when there is none',
            hint=None,
        )


def _check_nothing_held(count_crash, trial):
    trial.again()
    trial.redis.lpush("jobs", _invoice(1))
    before = {key: trial.redis.dump(key) for key in trial.redis.scan_iter()}
    circumstance = "worker 1 held nothing; invoice-1 waits"
    _expect_word(_counted(trial, count_crash, circumstance), None, circumstance)
    if {key: trial.redis.dump(key) for key in trial.redis.scan_iter()} != before:
        raise Wrong(circumstance, "something in Redis changed", must_hold="where no job is held, nothing changes", hint=None)


def _check_first_crash(count_crash, trial):
    trial.again()
    raw = _photo(1, attempts=2)
    trial.redis.lpush("processing:worker 1", raw)
    trial.redis.lpush("jobs", _invoice(1))
    circumstance = "worker 1 was killed by photo-1, its first crash with a limit of 3; invoice-1 waits"
    value = _counted(trial, count_crash, circumstance)
    _judge_law(trial, ["photo-1", "invoice-1"], circumstance, "each job is in one place", hint=2)
    stuck = anomalies.find_stuck({"worker 1": ids_in(trial, "processing:worker 1")})
    if stuck:
        raise Wrong(circumstance, anomalies=[stuck], must_hold="what a dead worker held is given back, or buried", hint=None)
    if "photo-1" not in ids_in(trial):
        raise Wrong(
            circumstance,
            "photo-1 is in the dead set",
            must_hold="a job is buried when it has crashed `limit` times, not before",
            hint=None,
        )
    if ids_in(trial)[0] != "photo-1":
        raise Wrong(
            circumstance,
            f"now they come in the order {', '.join(ids_in(trial))}",
            must_hold="what is given back comes next",
            hint=None,
        )
    _judge_unchanged(raw, json.loads(trial.redis.lindex("jobs", -1)), circumstance)
    _expect_word(value, "given back", circumstance)


def _judge_unchanged(raw, now, circumstance):
    """What the job was is still in it; a crash is no failed attempt."""
    was = json.loads(raw)
    changed = {key: now.get(key) for key in was if key not in ("first", "last", "reason") and now.get(key) != was[key]}
    if changed:
        told = ", ".join(f"{key} {was[key]!r}, now {value!r}" for key, value in changed.items())
        raise Wrong(circumstance, f"photo-1 had {told}", must_hold="the job keeps all that was in it", hint=None)


def _check_buried(count_crash, trial):
    """The last crash that is allowed: into the dead set, with what a person needs."""
    trial.again()
    raw = _photo(1, attempts=2, first=NOW - 60, last=NOW - 30, reason="TimeoutError: too slow")
    trial.redis.lpush("processing:worker 1", raw)
    circumstance = f"worker 1 was killed by photo-1; the limit is 1. It is the first crash; `attempts` and `first` ({NOW - 60:g}) are from failures"
    value = _counted(trial, count_crash, circumstance, limit=1)
    _judge_law(trial, ["photo-1"], circumstance, "each job is in one place", hint=2)
    _judge_nothing_held(trial, circumstance)
    if "photo-1" in ids_in(trial):
        raise Wrong(
            circumstance,
            "photo-1 is in jobs again",
            must_hold="a job that has crashed `limit` times is buried",
            hint=None,
        )
    entry = _judge_entry(trial, 1, NOW - 60, NOW, circumstance)
    _judge_unchanged(raw, entry, circumstance)
    _expect_word(value, "buried", circumstance)


def _check_order(count_crash, trial):
    trial.again()
    trial.redis.lpush("processing:worker 1", _photo(1), _photo(2))
    trial.redis.lpush("jobs", _invoice(1))
    circumstance = "worker 1 was killed holding photo-1 and then photo-2 (a lost reply); count_crash was called until None"
    words = [_counted(trial, count_crash, circumstance) for _ in range(3)]
    everything = ["photo-1", "photo-2", "invoice-1"]
    _judge_law(trial, everything, circumstance, "each job is in one place", hint=None)
    _judge_nothing_held(trial, circumstance)
    reordered = anomalies.find_reordered({"jobs": ids_in(trial)}, sent={"jobs": everything})
    if reordered:
        raise Wrong(circumstance, anomalies=[reordered], must_hold="what is given back keeps its old order", hint=None)
    if words != ["given back", "given back", None]:
        raise Wrong(circumstance, f"it returned {words}", must_hold="one call takes care of one job", hint=None)


def _check_killer(count_crash, trial):
    """Workers come and are killed by photo-1; after each the crash is counted. Three invoices wait behind it."""
    trial.again()
    limit = 3
    trial.redis.lpush("jobs", _photo(1), *[_invoice(n) for n in (1, 2, 3)])
    killed = 0
    for n in range(1, limit + 3):
        name = f"worker {n}"
        outcome = trial.outcome(trial.worker(work_until_killed, trial.redis, name, trial.world, name=name))
        trial.expect_no_error(outcome)
        if outcome.kind != "killed":
            break
        killed += 1
        _counted(trial, count_crash, f"worker {n} was killed by photo-1", name, limit, NOW + n)
    everything = ["photo-1", "invoice-1", "invoice-2", "invoice-3"]
    circumstance = f"photo-1 kills each worker that takes it, the limit is {limit}; three invoices wait behind it"
    workers = [f"worker {n}" for n in range(1, limit + 3)]
    _judge_law(trial, everything, circumstance, "each job is in one place", hint=2, workers=workers)
    if killed > limit:
        again = f"and comes next again; still behind it: {', '.join(ids_in(trial)[1:])}"
        raise Wrong(
            circumstance,
            f"it has killed {killed} workers, {'and then it was buried' if _dead(trial) else again}",
            must_hold="after `limit` crashes the job is in the dead set, and its neighbours are done",
            hint=1,
        )
    if killed < limit:
        raise Wrong(
            circumstance,
            f"it was buried after {killed} crashes",
            must_hold="a job is buried when it has crashed `limit` times, not before",
            hint=None,
        )
    if sorted(trial.world.charges()) != everything[1:]:
        raise Wrong(
            circumstance,
            f"done: {', '.join(trial.world.charges()) or 'nothing'}",
            must_hold="the neighbours of a job that is buried are done, once each",
            hint=None,
        )
    _judge_entry(trial, limit, NOW + 1, NOW + limit, circumstance)


def _check_each_its_own(count_crash, trial):
    """Two photos with a limit of 2: one crash each is none too many; then photo-1 has its second."""
    trial.again()
    trial.redis.lpush("processing:worker 1", _photo(1))
    trial.redis.lpush("processing:worker 2", _photo(2))
    circumstance = "photo-1 killed worker 1, photo-2 killed worker 2, the limit is 2"
    for worker in ("worker 1", "worker 2"):
        _counted(trial, count_crash, circumstance, worker, 2)
    _judge_law(trial, ["photo-1", "photo-2"], circumstance, "each job is in one place", None, ("worker 1", "worker 2"))
    buried = [id for id, *_ in _dead(trial)]
    if buried:
        raise Wrong(
            circumstance,
            f"{', '.join(buried)} was buried after its first crash",
            must_hold="each job has a count of its own",
            hint=None,
        )


def _check_lowered_limit(count_crash, trial):
    """Two crashes with a limit of 5, and the third with one of 2."""
    trial.again()
    trial.redis.lpush("jobs", _photo(1))
    circumstance = "photo-1 killed 3 workers; the limit was 5, and 2 when the third crash was counted"
    for n, limit in enumerate((5, 5, 2), 1):
        trial.redis.lmove("jobs", f"processing:worker {n}", "RIGHT", "LEFT")
        value = _counted(trial, count_crash, circumstance, f"worker {n}", limit, NOW + n)
    _judge_law(trial, ["photo-1"], circumstance, "each job is in one place", None, [f"worker {n}" for n in (1, 2, 3)])
    if not _dead(trial):
        raise Wrong(
            circumstance,
            "photo-1 was not buried",
            must_hold="a job that has crashed `limit` times or more is buried",
            hint=None,
        )
    _expect_word(value, "buried", circumstance)


def _check_counted_once(count_crash, trial):
    """count_crash killed between its operations, and two of them at once: with a limit of 3 the third crash of photo-1 buries
    it, with a limit of 1 the first."""
    for limit in (3, 1):
        # Traced the second time: what happens once a server (a script that is loaded) is no part of it.
        for name in ("first", "traced"):
            _crashed(trial)
            trial.result(_count(trial, count_crash, limit=limit, name=name))
        operations = trial.operations("traced")
        # Killed right before the next operation would be the same to Redis.
        for point in [f"kill after * {n}" for n in range(1, len(operations) + 1)]:
            _crashed(trial)
            outcome = trial.outcome(_count(trial, count_crash, limit=limit, name="killed", faults=[point]))
            trial.expect_no_error(outcome)
            trial.expect_fault(outcome, point)
            circumstance = f"photo-1 has killed one worker, the limit is {limit}; count_crash was {outcome.fault}"
            _judge_law(trial, ["photo-1"], circumstance, COUNTED, hint=2)
            _judge_one_crash(count_crash, trial, limit, f"{circumstance}, and called again", again=True)
        # Held before its first operation it has seen nothing yet: that is one after the other, not two at once.
        for n in range(2, len(operations) + 1):
            _crashed(trial)
            first = _count(trial, count_crash, limit=limit, name="first", faults=[f"hold before * {n}"])
            if not first.wait_held():
                raise CannotTell(f"count_crash was to be held before its operation {n}, and did not get there this time")
            circumstance = f"photo-1 has killed one worker, the limit is {limit}; one count_crash ran while another stood "
            circumstance += f"before its {operations[n - 1]}"
            words = [_counted(trial, count_crash, circumstance, limit=limit, now=NOW + 1)]
            first.release()
            words.append(trial.result(first, circumstance=circumstance))
            _judge_one_crash(count_crash, trial, limit, circumstance, hint=3)
            _judge_words(words, "buried" if limit == 1 else "given back", circumstance)
    _check_two_jobs(count_crash, trial)
    return operations


def _judge_words(words, did, circumstance):
    """One job, two calls: one took care of it, the other found none."""
    if sorted(map(str, words)) != sorted([did, "None"]):
        raise Wrong(
            circumstance,
            f"they returned {words[1]!r} and {words[0]!r}",
            must_hold=f"each returns what it did: one {did!r}, the other, which found no job, None",
            hint=3,
        )


def _check_two_jobs(count_crash, trial):
    """Worker 1 held two jobs: whoever comes second still takes care of the other one."""
    _crashed(trial)
    trial.result(_count(trial, count_crash, name="traced"))
    operations = trial.operations("traced")
    for n in range(2, len(operations) + 1):
        trial.again()
        trial.redis.lpush("processing:worker 1", _photo(1), _photo(2))
        first = _count(trial, count_crash, name="first", faults=[f"hold before * {n}"])
        if not first.wait_held():
            raise CannotTell(f"count_crash was to be held before its operation {n}, and did not get there this time")
        circumstance = "worker 1 was killed holding photo-1 and then photo-2, the limit is 3; one count_crash ran while "
        circumstance += f"another stood before its {operations[n - 1]}"
        _counted(trial, count_crash, circumstance)
        first.release()
        value = trial.result(first, circumstance=circumstance)
        _judge_law(trial, ["photo-1", "photo-2"], circumstance, "each job is in one place", hint=3)
        left = ids_in(trial, "processing:worker 1")
        if left:
            raise Wrong(
                circumstance,
                f"the second one returned {value!r}, and {', '.join(left)} is still in the list of worker 1",
                must_hold="each call takes care of one job while there is one",
                hint=3,
            )


def _crashed(trial):
    """worker 1 was killed by photo-1."""
    trial.again()
    trial.redis.lpush("processing:worker 1", _photo(1))


def _judge_one_crash(count_crash, trial, limit, circumstance, hint=2, again=False):
    """One crash of photo-1 was counted: with a limit of 1 it is buried, with a limit of 3 after two more."""
    if not again:
        _judge_law(trial, ["photo-1"], circumstance, COUNTED, hint=hint)
    buried = trial.result(trial.worker(crash_on, trial.redis, count_crash, limit, again), circumstance=circumstance)
    _judge_law(trial, ["photo-1"], circumstance, COUNTED, hint, ("worker 1", "worker 2", "worker 3"))
    if buried != [False] * (limit - 1) + [True]:
        when = f"after {buried.index(True) + 1} of its crashes" if any(buried) else f"after none of its {limit} crashes"
        raise Wrong(circumstance, f"then it was buried {when}", must_hold=COUNTED, hint=hint)


def _judge_entry(trial, crashes, first, last, circumstance):
    """The dead set of lab 13: scored by the time, with what a person needs."""
    (_, entry, score), *_ = _dead(trial)
    kept = "in the dead set, scored by `now`, is the job as after_crash gives it: crashes, first, last and reason behind all else"
    if entry is None:
        raise Wrong(circumstance, "its entry in the dead set is no JSON object", must_hold=kept, hint=None)
    wanted = {"crashes": crashes, "first": first, "last": last}
    told = [f"{key} {entry.get(key)!r} and not {value:g}" for key, value in wanted.items() if entry.get(key) != value]
    if not isinstance(entry.get("reason"), str) or not entry["reason"].strip():
        told.append("no reason")
    if score != last:
        told.append(f"the score {score:g} and not {last:g}")
    if told:
        raise Wrong(circumstance, f"photo-1 in the dead set has {', '.join(told)}", must_hold=kept, hint=None)
    return entry
