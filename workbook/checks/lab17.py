"""Lab 17: order. How the answers to 17.1 and 17.2 are judged.

The layout that the lab teaches: a chain is the steps of one order, and only its next step is a job. That job carries
the steps that come after it, {"id": …, "name": "deposit", "args": {"order": 7, "then": ["balance", "shipping"]}}. The
rest is lab 15's: jobs wait in the list `jobs`, what worker w has taken is in the list `processing:w`.

The judgement is the one law (`workbook.anomalies`), step by step: the checkout handed over whole chains, so each step
of each chain is done, once, and in its order, by what the payment provider remembers. That it was queued once is told
by how often workers got it from Redis.
"""

import json

from workbook import anomalies
from workbook.anomalies import Ledger
from workbook.exercises import checks
from workbook.faults import given, note
from workbook.verdicts import CannotTell, Wrong

BROKERS = ("redis",)

STEPS = ["deposit", "balance", "shipping"]
WAIT = 0.05
"""Seconds that `take` may wait: it is only called when something is there, but another worker may be faster."""
MOST = 20
"""Jobs that one worker does for two orders at most: a chain that has no end must have one here."""
WITHIN = 3.0
"""Seconds for the one worker that takes over from all that were killed."""
OTHER = "another worker"
"""That one's name."""
DONE = "done with it"
"""What the history says when the answer has returned."""
ASIDE = "put aside by the check"
"""A list: what the next worker shall not see yet."""
LEFT_BEHIND = "left in the list of "
"""Lists, one for each worker: what was still in its own list when the answer had returned."""


# What runs in the workers


class Refused(Exception):
    """What the payment provider answers when it does not feel like it."""


class Charging:
    """What `do` is in the checks: charge the card for the step that the job names, once by the job's id."""

    def __init__(self, world, refuses=0):
        self.world, self.refuses = world, refuses

    def __call__(self, job):
        try:
            step, key = f"order {job['args']['order']} {job['name']}", str(job["id"])
        except (TypeError, KeyError):
            raise ValueError(f"do takes a job, a dict with id, name and args; it got {job!r:.60}") from None
        if self.refuses:
            self.refuses -= 1
            raise Refused("the payment provider refused")
        self.world.charge(step, 100, key=key)


def do_one(r, answer, worker, world, refuses=0):
    """Take one job and have the answer do it. Whether it "returned", or what the provider "raised" came out."""
    from workbook.taught.lab15 import take

    raw = take(r, worker, WAIT)
    given(f"{answer.__name__}(r, {worker!r}, {raw!r}, do)")
    try:
        answer(r, worker, raw, Charging(world, refuses))
    except Exception as error:
        if Refused in (type(error), type(error.__cause__), type(error.__context__)):
            return "raised"
        raise
    return "returned"


def work_off(r, answer, worker, world, most=MOST):
    """The worker's loop: take a job, have the answer do it, until nothing is left. Returns the steps that it took."""
    from workbook.taught.lab15 import take

    do, taken = Charging(world), []
    while (r.llen("jobs") or r.llen(f"processing:{worker}")) and len(taken) < most:
        raw = take(r, worker, WAIT)
        if raw is None:
            continue
        taken.append(_step(raw))
        given(f"{answer.__name__}(r, {worker!r}, {raw!r}, do)")
        answer(r, worker, raw, do)
        note(DONE)
        while r.llen(f"processing:{worker}"):
            # It would be taken again and again.
            r.lmove(f"processing:{worker}", f"{LEFT_BEHIND}{worker}", "RIGHT", "LEFT")
    return taken


def take_over(r, answer, worker, world, first_the_rest=False):
    """What comes after a crash: what the dead worker held is given back, and all is worked off. Returns the steps taken.

    first_the_rest: what waits is worked off first, and what the dead worker held comes back last.
    """
    from workbook.taught.lab15 import Leases

    taken = work_off(r, answer, worker, world, most=10 * MOST) if first_the_rest else []
    Leases(r, 1000).recover()  # nobody has a lease here: whoever holds a job is silent
    return taken + work_off(r, answer, worker, world, most=10 * MOST)


# What the checks share


def _text(raw):
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)


def _step(raw):
    """Which step a job is: "order 7 balance". The text itself where it is no job."""
    try:
        job = json.loads(raw)
        return f"order {job['args']['order']} {job['name']}"
    except (ValueError, TypeError, KeyError):
        return _text(raw)[:60]


def _steps(order):
    return [f"order {order} {name}" for name in STEPS]


def _start(trial, *orders):
    """An empty corner in which these orders come in."""
    trial.again()
    _come_in(trial, *orders)


def _come_in(trial, *orders):
    from workbook.taught.lab17 import chain

    for order in orders:
        trial.redis.lpush("jobs", chain(order, STEPS))


def _waiting(trial):
    return [_step(raw) for raw in reversed(trial.redis.lrange("jobs", 0, -1))]


def _held(trial):
    """worker -> the steps in its list, also those that were left behind there."""
    held = {}
    for prefix in ("processing:", LEFT_BEHIND):
        for key in trial.redis.scan_iter(f"{prefix}*"):
            steps = held.setdefault(_text(key).removeprefix(prefix), [])
            steps += [_step(raw) for raw in trial.redis.lrange(key, 0, -1)]
    return held


MUST_HOLD = {
    "stuck": "a job that was done leaves the worker's list",
    "lost": "the chain is complete: after each step comes the next, until none is left",
    "phantom": "the steps of a chain are the ones that the checkout gave it",
    "duplicated": "each step is queued once and has its effect once, however often the step before it is done",
    "reordered": "within an order, a step is not queued until the one before it is done",
}


def _judge(trial, orders, circumstance, hints, queued=()):
    """End the check as WRONG unless all chains of `orders` are complete, single, in order, and nothing is left.

    queued: one entry for each time that a step was in the queue, where that is known. hints: anomaly -> hint.
    """
    broken = _find_broken(trial, orders, queued)
    if not broken:
        return
    name = broken[0].name
    told = []
    if name == "lost":
        asked = {entry.get("id") for entry in trial.history.records() if entry["what"] == "charge"}
        told = [
            f"{step} was sent to the provider, with a key that it knew from another step: it charged nothing"
            for step in broken[0].ids
            if step in asked
        ][:1]
    raise Wrong(circumstance, *told, anomalies=broken, must_hold=MUST_HOLD[name], hint=hints.get(name))


def _find_broken(trial, orders, queued):
    ours = tuple(f"order {order} " for order in orders)
    held = {worker: [step for step in steps if step.startswith(ours)] for worker, steps in _held(trial).items()}
    stuck = anomalies.find_stuck(held, noun="step")
    if stuck:
        return [stuck]
    done = [step for step in trial.world.charges() if step.startswith(ours)]
    ledger = Ledger(accepted=[step for order in orders for step in _steps(order)], found={"done": done})
    broken = [
        anomalies.find_lost(ledger, noun="step"),
        anomalies.find_phantoms(ledger, noun="step"),
        # What was charged twice was in the queue twice, too: it is told once.
        anomalies.find_duplicated(ledger, noun="step", records=trial.history.records())
        or anomalies.find_duplicated(Ledger(found={"the queue": queued}), noun="step"),
    ]
    order_of = {f"order {order}": _steps(order) for order in orders}
    seen = {key: [step for step in done if step.startswith(f"{key} ")] for key in order_of}
    broken.append(anomalies.find_reordered(seen, order_of, noun="step"))
    return [anomaly for anomaly in broken if anomaly]


@checks(
    "17.1",
    title="step",
    budget=5,
    hints=[
        "No worker can see what another one is at. What must be true of the list of jobs as long as a step is not done?",
        "A refused charge comes again later. Is the step done by then, and what may stand behind it in the queue?",
        "An order waits for itself and for nobody else. What do two orders share in your answer?",
    ],
)
def check_step(step, trial):
    hints = {"reordered": 1, "duplicated": 1}
    _check_one(step, trial)
    _start(trial, 7, 8)
    trial.result(trial.worker(work_off, trial.redis, step, "worker 1", trial.world, name="worker 1"))
    _judge(trial, [7, 8], "one worker worked off orders 7 and 8, and nothing went wrong", hints)
    _check_overtaking(step, trial, hints)
    _check_refused(step, trial, hint=2)
    return [
        "one worker stood still right before a charge while another worked off all there was: order 7 stayed in order,",
        "order 8 did not wait for it; and a refused charge let nothing pass",
    ]


def _check_one(step, trial):
    """One job of one order: what is done, held and queued after a single call."""
    _start(trial, 7)
    trial.result(trial.worker(do_one, trial.redis, step, "worker 1", trial.world, name="worker 1"))
    circumstance = "order 7 came in, and worker 1 did its first job"
    done, waiting = trial.world.charges(), _waiting(trial)
    if done != _steps(7)[:1]:
        raise Wrong(
            circumstance,
            f"charged: {', '.join(done) or 'nothing'}",
            must_hold="one call does the one job that it was given",
            hint=None,
        )
    if waiting != _steps(7)[1:2]:
        raise Wrong(
            circumstance,
            f"in jobs: {', '.join(waiting) or 'nothing'}",
            must_hold="afterwards the next step of the order is in jobs, and no other",
            hint=1,
        )


def _check_overtaking(step, trial, hints):
    """worker 1 stands before the deposit of order 7; worker 2 does what there is to do; worker 1 goes on."""
    _start(trial, 7, 8)
    slow = trial.worker(
        work_off, trial.redis, step, "worker 1", trial.world, name="worker 1", fault="hold before charge"
    )
    if not slow.wait_held():
        trial.result(slow)
        raise CannotTell("worker 1 was to stand still before its first charge, and did not get there")
    circumstance = "worker 1 stood right before it charged order 7 deposit, and worker 2 worked off what there was"
    apart = "different orders do not wait for each other"
    fast = trial.outcome(trial.worker(work_off, trial.redis, step, "worker 2", trial.world, name="worker 2"))
    trial.expect_no_error(fast, circumstance)
    if fast.kind == "overran":
        raise Wrong(circumstance, "order 8 had to wait: worker 2 did not come back", must_hold=apart, hint=3)
    behind = [one for one in _steps(8) if one not in trial.world.charges()]
    slow.release()
    trial.result(slow, circumstance=circumstance)
    _judge(trial, [7, 8], f"{circumstance}; then worker 1 went on", hints)
    if behind:
        raise Wrong(
            circumstance,
            f"order 8 had to wait: {', '.join(behind)} came only when worker 1 went on",
            must_hold=apart,
            hint=3,
        )


def _check_refused(step, trial, hint):
    """The provider refuses the first charge of order 7."""
    _start(trial, 7)
    ended = trial.result(trial.worker(do_one, trial.redis, step, "worker 1", trial.world, 1, name="worker 1"))
    circumstance = "the payment provider refused the deposit of order 7, and do raised"
    if _waiting(trial):
        raise Wrong(
            circumstance,
            f"in jobs: {', '.join(_waiting(trial))}",
            must_hold="nothing is queued for a job that was not done",
            hint=hint,
        )
    if _held(trial) != {"worker 1": _steps(7)[:1]}:
        raise Wrong(
            circumstance,
            "worker 1 no longer holds the job",
            must_hold="a job that was not done stays in the worker's list",
            hint=hint,
        )
    if ended != "raised":
        raise Wrong(
            circumstance,
            f"{step.__name__} returned as if all were well",
            must_hold="what do raises comes out: whoever called decides about the retry",
            hint=None,
        )


@checks(
    "17.2",
    title="step_once",
    budget=5,
    hints=[
        "Go through the moments between two operations. Dead there: is anything left, in some list, that still leads to the next step?",
        "After a crash a step is done again, and brings its follow-up again. By what could anybody see that it is the same follow-up?",
        "The follow-up may be queued already, or even be done already. Where is that remembered, and what does the repeated step still have to do?",
    ],
)
def check_step_once(step_once, trial):
    hints = {"lost": 1, "duplicated": 2, "stuck": 3, "reordered": 1}
    _start(trial, 7, 8)
    taken = trial.result(trial.worker(work_off, trial.redis, step_once, "worker 1", trial.world, name="worker 1"))
    _judge(trial, [7, 8], "one worker worked off orders 7 and 8, and nothing went wrong", hints, taken)

    # Traced the second time: what happens once a server (a script that is loaded) is no part of a step.
    _start(trial, 7)
    trial.result(trial.worker(work_off, trial.redis, step_once, "worker 1", trial.world, name="traced"))
    operations = _operations(trial, "traced")
    moments = _moments(operations)
    between = _check_killed(step_once, trial, moments, hints)
    _check_killed(step_once, trial, between, hints, first_the_rest=True)
    _check_late(step_once, trial, operations, hints)
    _check_refused(step_once, trial, hint=None)
    names = dict.fromkeys(name for _, _, name in operations)
    return [
        f"killed before and after each of {', '.join(names)}, in each step: all steps done,",
        "in order, each effect and each follow-up once; and a worker that came back late changed nothing",
    ]


def _operations(trial, who):
    """The operations of the answer, each as (which one it was of all that the worker made, in which step, its name)."""
    made, count, step, inside = [], 0, -1, False
    for entry in trial.history.records():
        if entry["who"] != who or entry["what"] == "worker":
            continue
        if entry["what"] == "given":
            step, inside = min(step + 1, len(STEPS) - 1), True
        elif entry["what"] == DONE:
            inside = False
        elif entry["phase"] == "start":
            count += 1
            if inside:
                made.append((count, step, entry["what"]))
    return made


def _moments(operations):
    """Where a worker can die, as (fault, in which step): before the first operation of a step, and after each.

    After one operation and before the next is the same moment: what others can see of it does not differ.
    """
    moments = []
    for count, step, _ in operations:
        if step not in {earlier for _, earlier in moments}:
            moments.append((f"kill before * {count}", step))
        moments.append((f"kill after * {count}", step))
    return moments


def _check_killed(step_once, trial, moments, hints, first_the_rest=False):
    """In each moment another worker is killed, each at an order of its own; then one worker takes over from all.

    first_the_rest: that one does all that waits before the dead workers' jobs are given back.
    Returns the moments in which the follow-up was queued and the job not yet finished.
    """
    trial.again()
    told, queued, between = {}, {}, []
    for order, (point, at) in enumerate(moments, 1):
        _come_in(trial, order)
        name, step = f"worker {order}", _steps(order)[at]
        dying = trial.worker(work_off, trial.redis, step_once, name, trial.world, name=name, fault=point)
        outcome = trial.outcome(dying)
        trial.expect_no_error(outcome)
        trial.expect_fault(outcome, point)
        told[order] = f"{name} was {outcome.faults[0]['note']}, at {step}; "
        queued[order] = [done for done in trial.world.charges() if done in _steps(order) and done != step]
        if _waiting(trial) and name in _held(trial):
            between.append((point, at))
        _put_aside(trial)
    if not moments:
        return []
    _put_back(trial)
    taken = trial.result(
        trial.worker(take_over, trial.redis, step_once, OTHER, trial.world, first_the_rest, name=OTHER),
        WITHIN,
        "in each step workers were killed, and their jobs were given back",
    )
    later = (
        "another worker did all that waited, and only then what it held was given back"
        if first_the_rest
        else "what it held was given back, and another worker did the rest"
    )
    for order in told:
        again = [step for step in taken if step in _steps(order)]
        _judge(trial, [order], told[order] + later, hints, queued[order] + again)
    return between


def _check_late(step_once, trial, operations, hints):
    """Before each operation another worker stands still; one worker takes over from all; then they go on."""
    trial.again()
    slow, told = {}, {}
    for order, (count, at, operation) in enumerate(operations, 1):
        _come_in(trial, order)
        name = f"worker {order}"
        slow[order] = trial.worker(
            work_off, trial.redis, step_once, name, trial.world, name=name, fault=f"hold before * {count}"
        )
        if not slow[order].wait_held():
            trial.result(slow[order])
            raise CannotTell(f"{name} was to stand still before its {operation}, and did not get there")
        told[order] = _steps(order)[at], (
            f"{name} stood right before its {operation} at {_steps(order)[at]} for so long that its job was given to "
            "another worker, which did the rest; then it went on"
        )
        _put_aside(trial)
    _put_back(trial)
    taken = trial.result(
        trial.worker(take_over, trial.redis, step_once, OTHER, trial.world, name=OTHER),
        WITHIN,
        "in each step workers stood still, and their jobs were given to another",
    )
    given_back = set(taken)
    for worker in slow.values():
        worker.release()
        taken += trial.result(worker)
    for order, (step, circumstance) in told.items():
        queued = [one for one in taken if one in _steps(order)]
        if step in given_back and queued.count(step) > 1:
            queued.remove(step)  # both had it, and it was queued once
        _judge(trial, [order], circumstance, hints, queued)


def _put_aside(trial):
    """Take what waits out of the next worker's sight: it shall find one order only."""
    while trial.redis.lmove("jobs", ASIDE, "RIGHT", "LEFT"):
        pass


def _put_back(trial):
    while trial.redis.lmove(ASIDE, "jobs", "RIGHT", "LEFT"):
        pass
