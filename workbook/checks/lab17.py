"""Lab 17: order. How the answers to 17.1 and 17.2 are judged.

The layout that the lab teaches: a chain is the steps of one order, and only its next step is a job. That job carries
the steps that come after it, {"id": …, "name": "deposit", "args": {"order": 7, "then": ["balance", "shipping"]}}. The
rest is lab 15's: jobs wait in the list `jobs`, what worker w has taken is in the list `processing:w`.

The judgement is the one law (`workbook.anomalies`), step by step: the checkout handed over whole chains, so each step
of each chain is done, once, and in its order, by what the payment provider remembers. That it was queued once is told
by how often workers got it from Redis.
"""

import contextlib
import dataclasses
import shutil
import sqlite3

from workbook import anomalies
from workbook.anomalies import Ledger, as_text
from workbook.checks.jobs import dump_all, found_elsewhere, hash_of_its_own, id_of, listed, read_job
from workbook.exercises import checks
from workbook.faults import Fault, given, no_steps, note
from workbook.verdicts import CannotTell, Raised, Wrong

BROKERS = ("redis",)

STEPS = ["deposit", "balance", "shipping"]
OTHER_CHAINS = {1001: ["quote", "reserve", "invoice", "parcel"], 1002: ["voucher"]}
"""Orders with other steps than STEPS, and with more or fewer."""
ALL = [7, 8, *OTHER_CHAINS]
ANOTHER = 1000
"""An order that comes in when some workers are dead."""
WAIT = 0.05
"""Seconds that `take` may wait: it is only called when something is there, but another worker may be faster."""
MOST = 20
"""Jobs that one worker does for two orders at most: a chain that has no end must have one here."""
A_CALL = 2.0
"""Seconds for one call of the answer."""
HOUR = 3600
"""Seconds that pass in Redis, where the check lets time pass. In all it is less than the day of which the lab speaks."""
OTHER = "another worker"
"""The name of the one that takes over from all that were killed."""
DONE = "done with it"
"""What the history says when the answer has returned."""
TOOK, ASKED = "took", "asked"
"""What the history says of a job that was taken, and of a charge: id (the job's, the key) and the step."""
BEGIN = "begin with it, "
"""Lists, one for each worker that was started ahead: something is in it when the worker shall begin."""
ASIDE = "put aside by the check"
"""A list: what the next worker shall not see yet."""
LEFT_BEHIND = "left in the list of "
"""Lists, one for each worker: what was still in its own list when the answer had returned."""


# What runs in the workers


class Refused(Exception):
    """What the payment provider answers when it does not feel like it."""


class Charging:
    """What `do` is in the checks: charge the card for the step that the job names, once by the job's id.

    refuses: the first charge is refused; or, with "each", the first charge of each step.
    """

    def __init__(self, world, refuses=None):
        self.world, self.refuses, self.refused = world, refuses, set()

    def __call__(self, job):
        try:
            step, key = f"order {job['args']['order']} {job['name']}", str(job["id"])
        except (TypeError, KeyError):
            raise ValueError(f"do takes a job, a dict with id, name and args; it got {job!r:.60}") from None
        if self.refuses and step not in self.refused and (self.refuses == "each" or not self.refused):
            self.refused.add(step)
            raise Refused("the payment provider refused")
        note(ASKED, key, step)
        self.world.charge(step, 100, key=key)


def _call(answer, r, worker, raw, do):
    """One call of the answer. Whether it "returned", or what the provider "raised" came out."""
    given(f"{answer.__name__}(r, {worker!r}, {raw!r}, do)")
    try:
        answer(r, worker, raw, do)
    except Exception as error:
        if Refused in (type(error), type(error.__cause__), type(error.__context__)):
            return "raised"
        raise
    return "returned"


def do_one(r, answer, worker, world, refuses=None):
    """Take one job and have the answer do it."""
    from workbook.taught.lab15 import take

    return _call(answer, r, worker, take(r, worker, WAIT), Charging(world, refuses))


def work_off_when_told(r, answer, worker, world):
    """As `work_off`. Started ahead, since that takes longer than the work, it waits for its turn."""
    with no_steps("redis"):
        while not r.blpop(f"{BEGIN}{worker}", 1):
            pass
    return work_off(r, answer, worker, world)


def work_off(r, answer, worker, world, most=MOST, refuses=None):
    """The worker's loop: take a job, have the answer do it, until nothing is left. Returns the steps that it took.

    A job that was refused is given back, and comes next.
    """
    from workbook.taught.lab15 import take

    hash_of_its_own(answer)
    do, taken, mine = Charging(world, refuses), [], f"processing:{worker}"
    while (r.llen("jobs") or r.llen(mine)) and len(taken) < most:
        raw = take(r, worker, WAIT)
        if raw is None:
            continue
        taken.append(_step(raw))
        note(TOOK, id_of(raw), _step(raw))
        if _call(answer, r, worker, raw, do) == "raised":
            r.lmove(mine, "jobs", "RIGHT", "RIGHT")
        note(DONE)
        while r.llen(mine):
            # It would be taken again and again.
            r.lmove(mine, f"{LEFT_BEHIND}{worker}", "RIGHT", "LEFT")
    return taken


def ids_of_each(r, answer, worker, world, first):
    """Which id each step's job has, each done with nothing left in Redis from the one before: [(id, step), …].

    first: the first jobs of some chains.
    """
    from workbook.taught.lab15 import take

    found = []
    for raw in first:
        for _ in range(MOST):
            for key in r.scan_iter():
                r.delete(key)
            r.lpush("jobs", raw)
            take(r, worker, WAIT)
            found.append((id_of(raw), _step(raw)))
            answer(r, worker, raw, Charging(world))
            raw = r.rpop("jobs")
            if raw is None:
                break
    return found


# What the checks share


def _step(raw):
    """Which step a job is: "order 7 balance". The text itself where it is no job."""
    try:
        job = read_job(raw)
        return f"order {job['args']['order']} {job['name']}"
    except (TypeError, KeyError):
        return as_text(raw)[:60]


def _steps(order):
    return [f"order {order} {name}" for name in OTHER_CHAINS.get(order, STEPS)]


def _start(trial, *orders):
    """An empty corner in which these orders come in."""
    trial.again()
    _come_in(trial, *orders)


def _first_jobs(orders):
    from workbook.taught.lab17 import chain

    return [chain(order, OTHER_CHAINS.get(order, STEPS)) for order in orders]


def _come_in(trial, *orders):
    for raw in _first_jobs(orders):
        trial.redis.lpush("jobs", raw)


def _waiting(trial):
    return [_step(raw) for raw in listed(trial)]


def _held(trial):
    """worker -> the steps in its list, also those that were left behind there."""
    held = {}
    for prefix in ("processing:", LEFT_BEHIND):
        for key in trial.redis.scan_iter(f"{prefix}*"):
            steps = held.setdefault(as_text(key).removeprefix(prefix), [])
            steps += [_step(raw) for raw in trial.redis.lrange(key, 0, -1)]
    return held


def _let_pass(trial, seconds):
    """So much time goes by for whatever ends by itself in Redis. Returns the keys whose end has come."""
    over, keys = [], sorted(map(as_text, trial.redis.scan_iter()))
    pipe = trial.redis.pipeline(transaction=False)
    for key in keys:
        pipe.pttl(key)
    for key, left in zip(keys, pipe.execute()):
        if left >= 0:
            pipe.pexpire(key, left - 1000 * seconds)  # a key whose end lies in the past is deleted
            over += [key] * (left <= 1000 * seconds)
    pipe.execute()
    return over


def _stop_the_clock(trial, ends):
    """From now on nothing that is in Redis ends by itself. The milliseconds that it had left are put into `ends`."""
    keys = sorted(map(as_text, trial.redis.scan_iter()))
    pipe = trial.redis.pipeline(transaction=False)
    for key in keys:
        pipe.pttl(key)
    for key, left in zip(keys, pipe.execute()):
        if left >= 0:
            ends[key] = max(left, 1)
            pipe.persist(key)
    for key in set(ends) - set(keys):
        del ends[key]
    pipe.execute()


def _state(trial):
    """All that an experiment has left, of workers that have ended: Redis, the charges, the history."""
    with contextlib.closing(sqlite3.connect(trial.world.path)) as db:
        charges = db.execute("SELECT * FROM charges").fetchall()
    return dump_all(trial), charges, list(trial.history.folder.glob("*.jsonl"))


def _begin_from(trial, state, ends):
    """Begin the next experiment where another one stood. ends: key -> the milliseconds after which it ends."""
    dumped, charges, records = state
    trial.again()
    for path in records:
        shutil.copy(path, trial.history.folder)
    pipe = trial.redis.pipeline(transaction=False)
    for key, contents in dumped.items():
        pipe.restore(key, ends.get(key, 0), contents)
    pipe.execute()
    with contextlib.closing(sqlite3.connect(trial.world.path)) as db, db:
        db.executemany("INSERT INTO charges VALUES (?, ?, ?, ?, ?)", charges)


MUST_HOLD = {
    "stuck": "a job that was done leaves the worker's list",
    "lost": "the chain is complete: after each step comes the next, until none is left",
    "phantom": "the steps of a chain are the ones that the checkout gave it",
    "duplicated": "each step is queued once and has its effect once, however often the step before it is done",
    "reordered": "within an order, a step is not queued until the one before it is done",
}
OWN_ID = "each job has an id that no other job has"
APART = "different orders do not wait for each other"
NO_WAITING = "nobody waits for a worker that is dead or late, or for another order"
LATE_RETURNS = "a worker that comes back late returns from its call, and raises nothing"


def _judge(trial, orders, circumstance, hints, queued=(), answer=None):
    """End the check as WRONG unless all chains of `orders` are complete, single, in order, and nothing is left.

    queued: one entry for each time that a step was in the queue, where that is known. hints: hints by what was found:
    the anomaly, or more exactly "done twice", "queued twice", "one id". answer: given where nothing went wrong, so that
    what is lost may be so by its id.
    """
    broken = _find_broken(trial, orders, queued)
    if not broken:
        return
    name, step = broken[0].name, broken[0].ids[0]
    kind = name
    told, must_hold = [], MUST_HOLD[name]
    if name == "lost":
        told = [
            f"the steps of order {order} are {', '.join(names)}"
            for order, names in OTHER_CHAINS.items()
            if step.startswith(f"order {order} ")
        ]
        shared = _one_id(trial, answer, orders, broken[0].ids) if answer else None
        if shared:
            kind, told, must_hold = "one id", [shared], OWN_ID
    elif name == "duplicated":
        kind = "queued twice"
        if len(_ids(trial, TOOK, step)) > 1:
            kind, told = "done twice", [f"{step} was queued twice, with two different ids"]
        elif len(_ids(trial, ASKED, step)) > 1:
            kind, told = "done twice", [f"{step} was done twice, and do got it with two different ids"]
    hint = hints.get(kind, hints.get(name))
    raise Wrong(circumstance, *told, anomalies=broken, must_hold=must_hold, hint=hint)


def _ids(trial, what, step):
    """The different ids with which a step was taken, or charged."""
    return {e["id"] for e in trial.history.records() if e["what"] == what and e["note"] == step}


def _one_id(trial, answer, orders, lost):
    """A sentence when a step that is lost has the id of another step; else None.

    Its job may never have come into the queue, since whoever remembers ids took it for the other: so each step is done
    once more, with nothing remembered.
    """
    trial.again()
    worker = trial.worker(ids_of_each, trial.redis, answer, "worker 1", trial.world, _first_jobs(orders))
    outcome = trial.outcome(worker, A_CALL, each_call=True)
    steps_of = {}
    for id, step in outcome.value or ():
        steps_of.setdefault(id, []).append(step)
    for id, steps in steps_of.items():
        different = list(dict.fromkeys(steps))
        if len(different) > 1 and set(different) & set(lost):
            return f"two different jobs have one id, {id[:60]!r}: {different[0]} and {different[1]}"
    return None


def _find_broken(trial, orders, queued):
    ours = tuple(f"order {order} " for order in orders)
    held = {worker: [step for step in steps if step.startswith(ours)] for worker, steps in _held(trial).items()}
    stuck = anomalies.find_stuck(held, noun="step")
    if stuck:
        return [stuck]
    done = [step for step in trial.world.charges() if step.startswith(ours)]
    ledger = Ledger(accepted=[step for order in orders for step in _steps(order)], found={"what was done": done})
    lost = anomalies.find_lost(ledger, noun="step")
    if lost:
        # In the order of the chain: what came first explains the rest.
        ids = tuple(step for step in ledger.accepted if step in lost.ids)
        lost = dataclasses.replace(lost, ids=ids, witness=(f"{ids[0]} was never charged",))
    broken = [
        lost,
        anomalies.find_phantoms(ledger, noun="step"),
        # What was charged twice was in the queue twice, too: it is told once.
        anomalies.find_duplicated(ledger, noun="step")
        or anomalies.find_duplicated(Ledger(found={"the queue": queued}), noun="step"),
    ]
    order_of = {f"order {order}": _steps(order) for order in orders}
    seen = {key: [step for step in done if step.startswith(f"{key} ")] for key in order_of}
    broken.append(anomalies.find_reordered(seen, order_of, noun="step"))
    return [anomaly for anomaly in broken if anomaly]


def _expect_returned(trial, worker, outcome, circumstance, hint, must_hold=NO_WAITING):
    """End the check unless the worker came back from its last call: what it may have waited for is told."""
    trial.expect_no_error(outcome, circumstance)
    if outcome.kind == "overran":
        calls = [e["note"] for e in trial.history.records() if e["who"] == worker.name and e["what"] == "given"]
        ours = ("jobs", "processing:", "seen:", ASIDE, LEFT_BEHIND)
        others = [key for key in map(as_text, trial.redis.scan_iter()) if not key.startswith(ours)]
        others.sort(key=lambda key: (len(key), key))
        raise Wrong(
            *([circumstance] if circumstance else []),
            f"stuck: {worker.name} had not returned after {A_CALL:g} s: {calls[-1] if calls else 'it was taking a job'}",
            *([f"in Redis there is: {', '.join(others[:3])}"] if others else []),
            must_hold=must_hold,
            hint=hint,
        )
    return outcome


def _worked_off(trial, step, name, circumstance, hint=None, must_hold="it returns", most=MOST, refuses=None):
    """A worker works off what there is. Returns the steps that it took."""
    worker = trial.worker(work_off, trial.redis, step, name, trial.world, most, refuses, name=name)
    outcome = trial.outcome(worker, A_CALL, each_call=True)
    return _expect_returned(trial, worker, outcome, circumstance, hint, must_hold).value


@checks(
    "17.1",
    title="step",
    budget=5,
    hints=[
        "No worker can see what another one is at. What must be true of the list of jobs as long as a step is not done?",
        "A refused charge comes again later. Is the step done by then, what may stand behind it in the queue, and what may remember that it was begun?",
        "An order waits for itself and for nobody else, and no two jobs have one id. What do two orders, or two steps, share in your answer?",
    ],
)
def check_step(step, trial):
    _check_one(step, trial, too_early=1)
    _check_all(step, trial, {"one id": 3})
    _check_overtaking(step, trial, {"reordered": 1}, apart=3)
    _check_refused(step, trial, queued=2, again=2)
    return [
        "one worker stood still right before a charge while another worked off all there was: order 7 stayed in order,",
        "order 8 did not wait for it; and a refused charge let nothing pass, and was done when it came again",
    ]


def _check_one(step, trial, too_early):
    """One job of one order: what is done, held and queued after a single call."""
    _start(trial, 7)
    worker = trial.worker(do_one, trial.redis, step, "worker 1", trial.world, name="worker 1")
    circumstance = "order 7 came in, and worker 1 did its first job"
    _expect_returned(trial, worker, trial.outcome(worker, A_CALL), circumstance, None, "it returns")
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
            *found_elsewhere(trial, STEPS[1:2], known=("jobs", "processing:worker 1")),
            must_hold="afterwards the next step of the order is in jobs, and no other",
            hint=too_early if waiting[:1] == _steps(7)[1:2] else None,
        )


def _check_all(step, trial, hints):
    """One worker works off orders of several kinds, and nothing goes wrong."""
    _start(trial, *ALL)
    circumstance = f"one worker worked off orders {', '.join(map(str, ALL[:-1]))} and {ALL[-1]}, and nothing went wrong"
    taken = _worked_off(trial, step, "worker 1", circumstance, most=2 * MOST)
    _judge(trial, ALL, circumstance, hints, taken, answer=step)


def _check_overtaking(step, trial, hints, apart):
    """worker 1 stands before the deposit of order 7; worker 2 does what there is to do; worker 1 goes on."""
    _start(trial, 7, 8)
    slow = trial.worker(
        work_off, trial.redis, step, "worker 1", trial.world, name="worker 1", fault="hold before charge"
    )
    if not slow.wait_held():
        trial.result(slow)
        raise CannotTell("worker 1 was to stand still before its first charge, and did not get there")
    circumstance = "worker 1 stood right before it charged order 7 deposit, and worker 2 worked off what there was"
    fast = trial.worker(work_off, trial.redis, step, "worker 2", trial.world, name="worker 2")
    outcome = trial.outcome(fast, A_CALL, each_call=True)
    trial.expect_no_error(outcome, circumstance)
    if outcome.kind == "overran":
        raise Wrong(circumstance, "order 8 had to wait: worker 2 did not come back", must_hold=APART, hint=apart)
    behind = [one for one in _steps(8) if one not in trial.world.charges()]
    slow.release()
    outcome = trial.outcome(slow, A_CALL, each_call=True)
    _expect_returned(trial, slow, outcome, circumstance, apart)
    _judge(trial, [7, 8], f"{circumstance}; then worker 1 went on", hints)
    if behind:
        raise Wrong(
            circumstance,
            f"order 8 had to wait: {', '.join(behind)} came only when worker 1 went on",
            must_hold=APART,
            hint=apart,
        )


def _check_refused(step, trial, queued, again):
    """The provider refuses the first charge of order 7; then that of each further step; and each comes again.

    queued, again: the hints for a follow-up that was queued, and for a job that does not come again.
    """
    _start(trial, 7)
    worker = trial.worker(do_one, trial.redis, step, "worker 1", trial.world, "once", name="worker 1")
    circumstance = "the payment provider refused the deposit of order 7, and do raised"
    ended = _expect_returned(trial, worker, trial.outcome(worker, A_CALL), circumstance, None, "it returns").value
    if _waiting(trial):
        raise Wrong(
            circumstance,
            f"in jobs: {', '.join(_waiting(trial))}",
            must_hold="nothing is queued for a job that was not done",
            hint=queued,
        )
    if _held(trial) != {"worker 1": _steps(7)[:1]}:
        raise Wrong(
            circumstance,
            "worker 1 no longer holds the job",
            must_hold="a job that was not done stays in the worker's list",
            hint=again,
        )
    if ended != "raised":
        raise Wrong(
            circumstance,
            f"{step.__name__} returned as if all were well",
            must_hold="what do raises comes out: whoever called decides about the retry",
            hint=None,
        )
    trial.redis.lmove("processing:worker 1", "jobs", "RIGHT", "RIGHT")
    circumstance += "; the job was given back and taken again"
    must_hold = "a job that was refused is done when it comes again"
    _worked_off(trial, step, "worker 2", circumstance, again, must_hold, refuses="each")
    _judge(trial, [7], f"{circumstance}, and every step was refused once like this", dict.fromkeys(MUST_HOLD, again))


@checks(
    "17.2",
    title="step_once",
    budget=5,
    hints=[
        "Go through the moments between two operations, and let the worker be dead there, or stand still. What in Redis still leads to the next step, what can be taken too early, and who waits for that worker?",
        "After a crash a step is done again, and brings its follow-up again. By what could anybody see that it is the same step and the same follow-up, and not one of another step or order?",
        "The follow-up may be queued already, or even be done already, when the step comes again a day later. Where is that remembered, for how long, and what does the repeated step still have to do?",
    ],
)
def check_step_once(step_once, trial):
    hints = {"lost": 1, "reordered": 1, "wait": 1, "done twice": 2, "queued twice": 3, "stuck": 3}
    _check_one(step_once, trial, too_early=1)
    _check_all(step_once, trial, {"one id": 2})
    _check_overtaking(step_once, trial, hints, apart=1)

    # Traced only now: what happens once a server (a script that is loaded) is no part of a step.
    _start(trial, 7)
    _worked_off(trial, step_once, "traced", None)
    operations = _operations(trial, "traced")
    moments = _moments(operations, trial.operations("traced"))
    _check_killed(step_once, trial, moments, hints)
    # What is left behind was judged at each step, at once and a day later. What a late worker does to it then: in turns.
    _check_late(step_once, trial, [one for one in operations if one[1] == 1], hints, a_day=False)
    _check_late(step_once, trial, [one for one in operations if one[1] != 1], hints, a_day=True)
    _check_refused(step_once, trial, queued=1, again=None)
    names = dict.fromkeys(name for _, _, name in operations)
    return [
        f"killed before and after each of {', '.join(names)}, in each step, and given back at once or a day later:",
        "all steps done, in order, each effect and each follow-up once; and a worker that came back late changed nothing",
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


def _moments(operations, names):
    """Where a worker can die, as (fault, in which step, the fault in words): before the first operation of a step, and after each.

    After one operation and before the next is the same moment: what others can see of it does not differ.
    names: all operations that the worker made.
    """
    moments, seen = [], set()
    for count, step, name in operations:
        for side in ("after",) if step in seen else ("before", "after"):
            told = str(Fault("kill", side, name, names[:count].count(name)))
            moments.append((f"kill {side} * {count}", step, told))
        seen.add(step)
    return moments


def _check_killed(step_once, trial, moments, hints):
    """In each moment another worker is killed, each at an order of its own; then one worker takes over from all.

    Meanwhile the clock of Redis stands still. What is there then is taken over three times, each from the same state: at
    once, a day later, and a day later when another worker has done all that waits.
    """
    trial.again()
    told, queued, between, ends, before = {}, {}, [], {}, None
    workers = _started_ahead(trial, step_once, [point for point, _, _ in moments])
    for order, ((point, at, alone), dying) in enumerate(zip(moments, workers), 1):
        _come_in(trial, order)
        name, step = dying.name, _steps(order)[at]
        trial.redis.lpush(f"{BEGIN}{name}", "go")
        outcome = trial.outcome(dying, A_CALL, each_call=True)
        after = f"{before}; meanwhile another order came in" if before else None
        _expect_returned(trial, dying, outcome, after, hints["wait"])
        trial.expect_fault(outcome, point)
        before = told[order] = f"{name} was {outcome.fault}, at {step}"
        queued[order] = [done for done in trial.world.charges() if done in _steps(order) and done != step]
        if _waiting(trial) and name in _held(trial):
            between.append(order)  # the follow-up is queued, and the job is not finished
        _put_aside(trial)
        _stop_the_clock(trial, ends)
        if after and outcome.fault != alone:
            # It did something else than an order alone does. Does it have to wait?
            _come_in(trial, ANOTHER)
            _worked_off(trial, step_once, f"worker {ANOTHER}", after, hints["wait"], NO_WAITING)
            _stop_the_clock(trial, ends)
    _put_back(trial)
    state = _state(trial)
    for a_day, first_the_rest in ((False, False), (True, False), (True, True)):
        orders = between if first_the_rest else list(told)
        if not orders:
            continue
        _begin_from(trial, state, ends if a_day else {})
        for order in set(told) - set(orders):
            trial.redis.delete(f"processing:{workers[order - 1].name}")
        later = f"; {'a day later' if a_day else 'at once'} what it held was given back, and another worker did the rest"
        if first_the_rest:
            later = "; another worker did all that waited, and a day later what the dead one had held was given back"
        circumstances, forgotten, taken = {order: told[order] + later for order in orders}, [], []
        still = [] if a_day else list(ends)
        if first_the_rest:
            forgotten += _let_pass(trial, HOUR)
            taken = _taken_over(trial, step_once, circumstances, hints, forgotten, still)
        forgotten += _let_pass(trial, 22 * HOUR) if a_day else []
        _give_back(trial)
        taken += _taken_over(trial, step_once, circumstances, hints, forgotten, still)
        again = {order: queued[order] + [one for one in taken if one in _steps(order)] for order in orders}
        _judge_later(trial, circumstances, hints, again, forgotten, still)


def _started_ahead(trial, answer, faults):
    """A worker for each fault, "worker 1" and so on, each waiting for its turn."""
    names = [f"worker {n}" for n in range(1, len(faults) + 1)]
    return [
        trial.worker(work_off_when_told, trial.redis, answer, name, trial.world, name=name, fault=fault)
        for name, fault in zip(names, faults)
    ]


def _judge_later(trial, circumstances, hints, queued, forgotten, still=()):
    """As `_judge`, for each order with its circumstance; which keys had ended meanwhile, or had not, is told."""
    if not _find_broken(trial, list(circumstances), [step for steps in queued.values() for step in steps]):
        return
    for order, circumstance in circumstances.items():
        _judge(trial, [order], _with_keys(circumstance, order, forgotten, still), hints, queued[order])


def _with_keys(circumstance, order, forgotten, still=()):
    """The circumstance, and which keys had ended by then; or which had not, where they may be in the way."""
    still = [key for key in still if not key.startswith("seen:")]  # what `enqueue_once` remembers is in nobody's way
    for keys, told in ((forgotten, "these keys had"), (still, "none of these keys had")):
        keys = [key for key in keys if f"order {order}:" in key] or keys
        if keys:
            return f"{circumstance} (by then, {told} ended: {', '.join(keys[:3])}{' …' * (len(keys) > 3)})"
    return circumstance


def _give_back(trial):
    """What dead workers held comes back."""
    from workbook.taught.lab15 import Leases

    Leases(trial.redis, 1000).recover()  # nobody has a lease here: whoever holds a job is silent


def _taken_over(trial, step_once, circumstances, hints, forgotten=(), still=()):
    """One worker does what there is, of all orders. Returns the steps that it took."""
    worker = trial.worker(work_off, trial.redis, step_once, OTHER, trial.world, 10 * MOST, name=OTHER)
    outcome = trial.outcome(worker, A_CALL, each_call=True)
    at = [e["note"] for e in trial.history.records() if e["who"] == OTHER and e["what"] == TOOK][-1:]
    order = next((order for order in circumstances if at and at[0] in _steps(order)), None)
    circumstance = _with_keys(circumstances[order], order, forgotten, still) if order else None
    return _expect_returned(trial, worker, outcome, circumstance, hints["wait"]).value


def _check_late(step_once, trial, operations, hints, a_day):
    """Before each operation another worker stands still; one worker takes over from all; then they go on.

    a_day: so much time passes meanwhile, or else none: the clock of Redis stands still.
    """
    trial.again()
    slow, told, forgotten, ends, before = {}, {}, [], {}, None
    later = f"{' for a day' * a_day}: its job was given to another worker, which did the rest; then it went on"
    workers = _started_ahead(trial, step_once, [f"hold before * {count}" for count, _, _ in operations])
    for order, ((count, at, operation), worker) in enumerate(zip(operations, workers), 1):
        _come_in(trial, order)
        slow[order], name = worker, worker.name
        trial.redis.lpush(f"{BEGIN}{name}", "go")
        if not slow[order].wait_held():
            outcome = trial.outcome(slow[order], A_CALL, each_call=True)
            after = f"{before}; meanwhile another order came in" if before else None
            _expect_returned(trial, slow[order], outcome, after, hints["wait"])
            raise CannotTell(f"{name} was to stand still before its {operation}, and did not get there")
        before = f"{name} stood right before its {operation} at {_steps(order)[at]}"
        told[order] = before + later
        _put_aside(trial)
        if not a_day:
            _stop_the_clock(trial, ends)
    _put_back(trial)
    forgotten += _let_pass(trial, 11 * HOUR) if a_day else []
    _give_back(trial)
    taken = _taken_over(trial, step_once, told, hints, forgotten, ends)
    given_back = set(taken)
    forgotten += _let_pass(trial, 11 * HOUR) if a_day else []
    for order, worker in slow.items():
        worker.release()
        outcome = trial.outcome(worker, A_CALL, each_call=True)
        circumstance = _with_keys(told[order], order, forgotten, ends)
        if outcome.error and outcome.error.where:
            raise Raised(circumstance, *outcome.error.lines, must_hold=LATE_RETURNS)
        taken += _expect_returned(trial, worker, outcome, circumstance, hints["wait"]).value
    queued = {order: [one for one in taken if one in _steps(order)] for order in told}
    for order, steps in queued.items():
        step = _steps(order)[operations[order - 1][1]]
        if step in given_back and steps.count(step) > 1:
            steps.remove(step)  # both had it, and it was queued once
    _judge_later(trial, told, hints, queued, forgotten, ends)


def _put_aside(trial):
    """Take what waits out of the next worker's sight: it shall find one order only."""
    while trial.redis.lmove("jobs", ASIDE, "RIGHT", "LEFT"):
        pass


def _put_back(trial):
    while trial.redis.lmove(ASIDE, "jobs", "RIGHT", "LEFT"):
        pass
