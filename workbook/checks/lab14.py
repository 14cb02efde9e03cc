"""Lab 14: priorities. How the answers to 14.1 and 14.2 are judged.

The layout that the lab teaches: a queue is a list `queue:<name>`, pushed on the left, taken on the right; a job is JSON, made by
lab 11's `job`. A process has several slots, numbered from 0; each slot does one job at a time.

Shares are counted, under queues that never run dry, with seeds of the check's own. Answers may use a seed in many ways, so a
share is judged against what chance allows: `bounds` leaves out less than one in a billion right answers in all checks
together. Waiting is counted in jobs: which ones were started before, in the order in which Redis has it.
"""

import functools
import json
import math
import random

from workbook import anomalies
from workbook.anomalies import Ledger, as_text
from workbook.checks.jobs import id_of, ids_in
from workbook.exercises import checks
from workbook.faults import given, no_steps, note
from workbook.taught.lab11 import job
from workbook.verdicts import CannotTell, Wrong

BROKERS = ("redis",)

FETCHES = 4000
"""How many fetches a share is counted over: enough to tell a fifth from an eighth, whatever the seed."""

RARE = 1e-12
"""How likely a right answer's share is to lie below its bounds, and how likely above them. There are some thirty shares."""

FETCH_EACH = """
local taken = {}
for order in string.gmatch(ARGV[1], '[^\\n]+') do
    for name in string.gmatch(order, '%S+') do
        local job = redis.call('RPOP', 'queue:' .. name)
        if job then
            taken[#taken + 1] = name
            break
        end
    end
end
return taken
"""
"""What a BRPOP for each order does when no order meets only empty queues; gives the queues that jobs came from."""

SLOTS = 4
WEIGHTS = {"urgent": 4, "low": 1}
FOUR = {"urgent": 6, "soon": 4, "default": 3, "low": 1}
STEEP = {"low": 1, "default": 9, "urgent": 200}
HEAVIER = {"default": 9, "urgent": 3, "low": 1}
"""Three queues, one of them heavier than urgent."""
MANY = 20
"""A process may have as many slots as that."""
LONG = 60
"""Seconds that `fetch` is asked to wait when a job shall come meanwhile: nobody waits that long."""
WAIT = 0.05
"""Seconds that `fetch` is asked to wait when nothing shall come."""
COMMANDS = 10
"""How many commands a fetch that finds nothing may send."""
WAITING = {"BRPOP": -1, "BLPOP": -1, "BLMOVE": -1, "BRPOPLPUSH": -1, "BLMPOP": 1}
"""Commands that wait for a list, and where among their words the time-out stands."""


@functools.cache
def bounds(n, probability):
    """The fewest and the most successes in n independent draws that are not rarer than RARE on either side."""

    def chance(k):
        ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        return math.exp(ways + k * math.log(probability) + (n - k) * math.log(1 - probability))

    def first_not_rare(ks):
        below = 0.0
        for k in ks:
            below += chance(k)
            if below > RARE:
                return k

    return first_not_rare(range(n + 1)), first_not_rare(range(n, -1, -1))


# What the checks share


@functools.cache
def _jobs(queue, n):
    return [job(queue, {"number": number}, f"{queue}-{number}") for number in range(1, n + 1)]


def _put(trial, **counts):
    """So many jobs in each queue, numbered from 1, the oldest first."""
    for queue, n in counts.items():
        trial.redis.lpush(f"queue:{queue}", *_jobs(queue, n))


def _waiting(trial, queue):
    """The ids in a queue, the one that is taken next first."""
    return ids_in(trial, f"queue:{queue}")


def _named(weights):
    return ", ".join(f"{name} {weight}" for name, weight in weights.items())


def _emptiness(empty):
    if not empty:
        return "no queue is ever empty"
    return f"{' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty, the others never"


# 14.1


def ask(weighted, weights, seed, n):
    """n orders, as lists; or what was returned instead of the first that is none. And whether `weights` is as it was."""
    rng, before, orders = random.Random(seed), dict(weights), []
    given(f"weighted({weights!r}, random.Random({seed}))")
    for _ in range(n):
        order = weighted(weights, rng)
        try:
            names = list(order)
            usable = not isinstance(order, (str, bytes)) and all(isinstance(name, str) for name in names)
        except TypeError:
            usable = False
        if not usable:
            return orders, repr(order)[:80], weights == before
        orders.append(names)
        if weights != before:
            return orders, None, False
    return orders, None, True


@checks(
    "14.1",
    title="weighted",
    budget=5,
    hints=[
        "How likely must each queue be to come first, when all have jobs? Add up the weights and look at one queue's part in it.",
        "A worker waits for the queues that you name, and for no other. What becomes of a job in a queue that you left out?",
        "The queue that you put first may be empty. Among the others, how likely must each be to come next? The same question, once more.",
    ],
)
def check_weighted(weighted, trial):
    _check_seed(weighted, trial)
    low, high = _check_share(weighted, trial, {"urgent": 4, "low": 1}, seed=14)
    _check_share(weighted, trial, {"low": 1, "default": 3, "urgent": 5}, seed=15)
    _check_share(weighted, trial, {"urgent": 5, "default": 3, "low": 1}, seed=16, empty=("urgent",))
    _check_share(weighted, trial, FOUR, seed=18, empty=("urgent", "soon"))
    _check_share(weighted, trial, STEEP, seed=20, empty=("urgent",))
    return [
        f"while urgent (4) and low (1) never ran dry, low got its fifth: {low} to {high} of {FETCHES} jobs would do",
        "three and four queues got their shares, also while one or two of them were empty, and with weights far apart",
        "a job in any queue is taken, and the same seed gives the same orders",
    ]


def _orders(weighted, trial, weights, seed, n, who="worker 1"):
    orders, instead, unchanged = trial.result(trial.worker(ask, weighted, dict(weights), seed, n, name=who))
    if not unchanged:
        raise Wrong(
            f"after call {len(orders)} the weights were no longer {_named(weights)}",
            must_hold="weights belong to the caller: they are as they were, and every fetch gets the same",
            hint=None,
        )
    if instead is not None:
        raise Wrong(
            f"weights: {_named(weights)}; weighted returned {instead}",
            must_hold="weighted returns the names of the queues, in the order in which they are to be tried",
            hint=None,
        )
    return orders


def _judge_names(trial, weights, orders):
    """Every queue is in every order: whatever comes first, a worker that waits for it gets the only job there is."""
    for order in orders:
        if unknown := [name for name in order if name not in weights]:
            raise Wrong(
                f"weights: {_named(weights)}; weighted returned {order!r}",
                must_hold=f"the names are those in the weights; there is no queue {unknown[0]!r}",
                hint=None,
            )
        for left_out in (name for name in weights if name not in order):
            _show_starved(trial, weights, order, left_out)


def _show_starved(trial, weights, order, queue):
    """A job is in the queue that was left out, and a worker waits for the others."""
    trial.again()
    _put(trial, **{queue: 1})
    if order and trial.redis.brpop([f"queue:{name}" for name in order], WAIT) is not None:
        raise CannotTell(f"{order!r} does not name {queue}, and a job came out of it")
    waits = f"the worker waits for {' and '.join(order) or 'nothing'}, and {queue}-1 stands in {queue}"
    raise Wrong(
        f"weights: {_named(weights)}; weighted returned {order!r}",
        anomalies=[anomalies.find_starved(_waiting(trial, queue), (), why=[waits])],
        must_hold="every queue is in every order: when the others are empty, its jobs come",
        hint=2,
    )


def _check_seed(weighted, trial):
    weights = {"urgent": 5, "default": 3, "low": 1}
    one, two = (_orders(weighted, trial, weights, seed=7, n=200, who=f"worker {n}") for n in (1, 2))
    if one != two:
        raise Wrong(
            "two workers began with random.Random(7), and got different orders",
            must_hold="chance comes from `rng` alone: the same seed gives the same orders",
            hint=None,
        )


def _check_share(weighted, trial, weights, seed, empty=()):
    """Count the fetches from each queue while all but `empty` have more jobs than are fetched; low's bounds."""
    orders = _orders(weighted, trial, weights, seed, FETCHES)
    _judge_names(trial, weights, orders)
    trial.again()
    full = {name: weight for name, weight in weights.items() if name not in empty}
    _put(trial, **{name: FETCHES for name in full})
    taken = trial.redis.eval(FETCH_EACH, 0, "\n".join(map(" ".join, orders)))
    if len(taken) < FETCHES:
        raise CannotTell(f"{FETCHES} fetches gave {len(taken)} jobs")
    shares = {name: FETCHES - trial.redis.llen(f"queue:{name}") for name in full}
    seen = f"weights: {_named(weights)}; {_emptiness(empty)}"
    for name in sorted(full, key=shares.get):
        weight = full[name]
        fewest, most = bounds(FETCHES, weight / sum(full.values()))
        if fewest <= shares[name] <= most:
            continue
        starved = None if shares[name] else anomalies.find_starved(_waiting(trial, name), taken)
        raise Wrong(
            f"{seen}; of {FETCHES} jobs {', '.join(f'{count} came from {queue}' for queue, count in shares.items())}",
            anomalies=[starved] if starved else [],
            must_hold=f"{name} gets {weight} in {sum(full.values())}: between {fewest} and {most} of {FETCHES}, by chance",
            hint=3 if empty else 1,
        )
    return bounds(FETCHES, weights["low"] / sum(full.values()))


# 14.2


def serve(r, fetch, slot, weights):
    """One slot: fetch, and hold the job until the check lets it end. What happens stands in `log`, in Redis's order.

    A slot that asked and was given nothing counts that in `declined`. Returns only what is no job.
    """
    rng = random.Random(slot)
    given(f"fetch(r, {slot}, {weights!r}, rng, timeout={WAIT})")
    while True:
        got = fetch(r, slot, weights, rng, WAIT)
        with no_steps("redis"):
            if got is None:
                r.hincrby("declined", slot)
            elif not _is_job(got):
                r.set("instead", repr(got)[:80])
                return
            else:
                id = id_of(got[1])
                r.rpush("log", json.dumps(["start", id, slot]))
                while r.blpop(f"end {id}", 2) is None:
                    pass
                r.rpush("log", json.dumps(["end", id, slot]))


def fetch_many(r, fetch, slots, weights, n, timeout=WAIT):
    """n fetches for each of these slots, one after the other: what came, as (slot, queue, job).

    Also what came instead of a job, if something did; and whether `weights` is as it was.
    """
    got, before = [], dict(weights)
    for slot in slots:
        rng = random.Random(slot)
        given(f"fetch(r, {slot}, {weights!r}, rng, timeout={timeout})")
        for _ in range(n):
            one = fetch(r, slot, weights, rng, timeout)
            if weights != before:
                return got, None, slot
            if one is None or not _is_job(one):
                return got, (slot, repr(one)[:80]), None
            got.append((slot, *one))
    return got, None, None


def fetch_once(r, fetch, slot, weights, timeout):
    """One fetch: what came, and whether `weights` is as it was. The history says how long each command may wait in Redis."""
    execute = r.execute_command

    def noting(*words, **options):
        if (at := WAITING.get(str(words[0]).upper())) and isinstance(words[at:][0], (int, float)):
            note("waits", text=str(words[at]))
        return execute(*words, **options)

    r.execute_command = noting
    given(f"fetch(r, {slot}, {weights!r}, rng, timeout={timeout})")
    before = dict(weights)
    return fetch(r, slot, weights, random.Random(slot), timeout), weights == before


def _is_job(got):
    """Whether this is (name of a queue, job as Redis gives it)."""
    return isinstance(got, (tuple, list)) and len(got) == 2 and isinstance(got[0], str) and isinstance(got[1], bytes)


IS_A_PAIR = "fetch returns (name of the queue, job as Redis gives it), or None when no job came in time"


@checks(
    "14.2",
    title="fetch",
    budget=5,
    hints=[
        "All slots can be busy with slow jobs at the same moment. Which slot must have said no, before, and to which jobs?",
        "One slot is kept free, and one is enough. What may each of the others take, and what happens to a share if they take strictly?",
        "An idle slot waits. For how many queues at once, and how often does it ask Redis meanwhile?",
    ],
)
def check_fetch(fetch, trial):
    _check_nothing_comes(fetch, trial)
    reserved = _check_reserved(fetch, trial)
    others = [slot for slot in range(SLOTS) if slot != reserved]
    _check_number_of_slots(fetch, trial, reserved)
    _check_urgent_everywhere(fetch, trial)
    _check_shares_and_order(fetch, trial, others, HEAVIER, 120)
    _check_rng(fetch, trial, others)
    _check_hands_off(fetch, trial, reserved)
    _check_comes_while_waiting(fetch, trial, reserved, "urgent")
    for queue in reversed(HEAVIER):
        _check_comes_while_waiting(fetch, trial, others[0], queue)
    _check_shares_and_order(fetch, trial, others, dict(reversed(HEAVIER.items())), 170, empty=("default",))
    return [
        f"{SLOTS} slots, slow jobs in low: {SLOTS - 1} were at work and one was free; no job had to end before urgent-1 began",
        "between an urgent job's coming and its start in the kept slot, only urgent jobs that came before it were started",
        "with nothing else to do all slots take urgent jobs; the others give low its share, oldest first in each queue",
        f"an idle slot waits for all its queues at once, as long as it is asked to, with at most {COMMANDS} commands",
    ]


def _log(trial, what):
    """[(id, slot)] of what was started, or ended, in Redis's order."""
    entries = [json.loads(entry) for entry in trial.redis.lrange("log", 0, -1)]
    return [(id, slot) for kind, id, slot in entries if kind == what]


def _started(trial):
    return [id for id, _ in _log(trial, "start")]


def _declined(trial, slot):
    """How often a slot has asked and was given nothing."""
    return int(trial.redis.hget("declined", slot) or 0)


def _start_slots(fetch, trial):
    """Start all slots, and wait until each has begun a job or has asked and been given nothing; the latter's numbers."""
    slots = [
        trial.worker(serve, trial.redis, fetch, slot, WEIGHTS, name=f"slot {slot}") for slot in range(SLOTS)
    ]

    def declined():
        busy = {slot for _, slot in _log(trial, "start")}
        return {int(slot) for slot in trial.redis.hkeys("declined")} - busy

    def settled():
        return len(_log(trial, "start")) + len(declined()) >= SLOTS

    if not _until(trial, slots, settled, 2.5):
        silent = [f"slot {n}" for n in range(SLOTS) if n not in declined() | {slot for _, slot in _log(trial, "start")}]
        raise Wrong(
            f"stuck: {' and '.join(silent)} had neither a job nor an answer after 2.5 s, asked to wait {WAIT} s",
            must_hold="fetch returns: a job, or None when none came in time",
            hint=3,
        )
    return slots, sorted(declined())


def _until(trial, slots, condition, within=3.0):
    """Wait for an event; end the check when a slot has ended instead."""
    trial.until(lambda: condition() or not all(slot.alive for slot in slots), within)
    for slot in slots:
        if not slot.alive:
            trial.result(slot)
            raise Wrong(f"fetch returned {as_text(trial.redis.get('instead'))}", must_hold=IS_A_PAIR, hint=None)
    return condition()


def _check_reserved(fetch, trial):
    """Slow jobs of low fill the slots. The number of the slot that stays free, when all is as it must be."""
    trial.again()
    _put(trial, low=12)
    slots, free = _start_slots(fetch, trial)
    _put(trial, urgent=3)
    circumstance = f"{SLOTS} slots, 12 slow jobs in low; then urgent-1, urgent-2 and urgent-3 came, and no job has ended"
    if not free:
        held = f"the slots hold {', '.join(sorted(_started(trial)))}"
        raise Wrong(
            circumstance,
            anomalies=[anomalies.find_starved(_waiting(trial, "urgent"), _started(trial), why=[held])],
            must_hold="one slot is kept for urgent: no other job has to end before an urgent one can start",
        )
    if len(free) > 1:
        raise Wrong(
            f"{SLOTS} slots, 12 jobs in low, none in urgent; the slots that took none: {', '.join(map(str, free))}",
            must_hold="one slot is kept for urgent, and no more than one: each costs its share of the work",
            hint=2,
        )
    # Nobody but the check ends a job: what starts now starts on the free slot.
    for n in (1, 2, 3):
        # Or it has asked ten times more, when urgent-n stood there, and was given nothing.
        ten_times = _declined(trial, free[0]) + 10
        _until(trial, slots, lambda: len(_started(trial)) >= SLOTS - 1 + n or _declined(trial, free[0]) >= ten_times)
        begun = _started(trial)[SLOTS - 1 :]
        if len(begun) < n:
            raise Wrong(
                circumstance if n == 1 else f"{circumstance} but {', '.join(begun)}",
                anomalies=[
                    anomalies.find_starved(
                        [f"urgent-{n}"], _started(trial), why=[f"slot {free[0]} is free, and urgent-{n} still waits"]
                    )
                ],
                must_hold="the slot that is kept for urgent takes what comes there",
            )
        if begun[n - 1] != f"urgent-{n}":
            raise Wrong(
                f"{circumstance}{' but ' + ', '.join(begun[: n - 1]) if n > 1 else ''}; {begun[n - 1]} was started next",
                must_hold="before an urgent job starts, only urgent jobs that came before it start on the slot that is kept",
                hint=None if begun[n - 1].startswith("urgent") else 1,
            )
        trial.redis.lpush(f"end urgent-{n}", "now")
    return free[0]


def _check_urgent_everywhere(fetch, trial):
    trial.again()
    _put(trial, urgent=8)
    _, free = _start_slots(fetch, trial)
    if free:
        raise Wrong(
            f"{SLOTS} slots, 8 jobs in urgent, none elsewhere: {len(_started(trial))} started; "
            f"the slots that took none: {', '.join(map(str, free))}",
            anomalies=[
                anomalies.find_starved(
                    _waiting(trial, "urgent"), _started(trial), why=[f"slot {free[0]} is free, and urgent-8 still waits"]
                )
            ],
            must_hold="an urgent job may use every slot that is free",
            hint=2,
        )


def _check_shares_and_order(fetch, trial, others, weights, each, empty=()):
    """The slots that are not kept, under queues that never run dry but for `empty`: shares, order, and the one law."""
    trial.again()
    n = each * len(others)
    queued = {queue: _jobs(queue, n) for queue in weights if queue not in empty}
    known = {queue: set(jobs) for queue, jobs in queued.items()}
    _put(trial, **{queue: n for queue in queued})
    got = _fetched(trial, trial.worker(fetch_many, trial.redis, fetch, others, dict(weights), each, name="worker 1"), weights)
    seen = f"weights: {_named(weights)}; {_emptiness(empty)}"
    for slot, queue, raw in got:
        if raw not in known.get(queue, ()):
            raise Wrong(
                f"slot {slot} got {id_of(raw)}, and was told that it came from {queue!r}", must_hold=IS_A_PAIR, hint=None
            )
    done = [id_of(raw) for _, _, raw in got]
    found = {"started": done, **{queue: _waiting(trial, queue) for queue in queued}}
    broken = anomalies.find_anomalies(Ledger([id_of(raw) for jobs in queued.values() for raw in jobs], found=found))
    if broken:
        raise Wrong(
            f"{seen}; {n} fetches", anomalies=broken, must_hold="fetch takes one job, and every other stays where it is", hint=None
        )
    per_queue = {queue: [id for id in done if id.startswith(queue)] + found[queue] for queue in queued}
    reordered = anomalies.find_reordered(per_queue)
    if reordered:
        raise Wrong(
            f"{seen}; {n} fetches", anomalies=[reordered], must_hold="within a queue the oldest job comes first", hint=None
        )
    for name in sorted(queued, key=lambda queue: -len(found[queue])):
        count = n - len(found[name])
        fewest, most = bounds(n, weights[name] / sum(weights[queue] for queue in queued))
        if not fewest <= count <= most:
            starved = None if count else anomalies.find_starved([f"{name}-1"], done)
            raise Wrong(
                f"{seen}; the {len(others)} slots that are not kept fetched {n} jobs, {count} of them from {name}",
                anomalies=[starved] if starved else [],
                must_hold=f"the slots that are not kept go by the weights: between {fewest} and {most} from {name}, by chance",
                hint=2,
            )


def _fetched(trial, worker, weights):
    """What a worker that runs `fetch_many` got."""
    got, instead, changed = trial.result(worker)
    if changed is not None:
        _weights_changed(weights, changed)
    if instead is not None:
        slot, what = instead
        raise Wrong(
            f"weights: {_named(weights)}; jobs wait for slot {slot}, and fetch returned {what}", must_hold=IS_A_PAIR, hint=None
        )
    return got


def _weights_changed(weights, slot):
    raise Wrong(
        f"after a fetch of slot {slot} the weights were no longer {_named(weights)}",
        must_hold="weights belong to the caller: they are as they were, and every fetch gets the same",
        hint=None,
    )


def _once(trial, worker, weights, slot):
    """What a worker that runs `fetch_once` got."""
    got, unchanged = trial.result(worker)
    if not unchanged:
        _weights_changed(weights, slot)
    return got


def _check_number_of_slots(fetch, trial, reserved):
    """The slot that is kept is one of two, and the only one of many."""
    if reserved > 1:
        trial.again()
        _put(trial, low=2)
        got = _fetched(trial, trial.worker(fetch_many, trial.redis, fetch, (0, 1), dict(WEIGHTS), 1, name="2 slots"), WEIGHTS)
        _put(trial, urgent=1)
        held = f"the slots hold {' and '.join(id_of(raw) for _, _, raw in got)}"
        raise Wrong(
            "a process with 2 slots, 2 slow jobs in low; then urgent-1 came, and no job has ended",
            anomalies=[anomalies.find_starved(_waiting(trial, "urgent"), (), why=[held])],
            must_hold="one slot is kept for urgent, in a process with two slots too",
            hint=1,
        )
    trial.again()
    _put(trial, low=MANY)
    more = range(SLOTS, MANY)
    worker = trial.worker(fetch_many, trial.redis, fetch, more, dict(WEIGHTS), 1, name=f"{MANY} slots")
    got, instead, changed = trial.result(worker)
    if changed is None and instead and instead[1] == "None":
        raise Wrong(
            f"{MANY} slots, jobs in low, none in urgent; slot {instead[0]} took none, and slot {reserved} is kept already",
            must_hold="one slot is kept for urgent, and no more than one: each costs its share of the work",
            hint=2,
        )


def _check_rng(fetch, trial, others):
    """Two workers with the same seeds and the same jobs get the same."""
    came = []
    for n in (1, 2):
        trial.again()
        _put(trial, **{queue: 20 * len(others) for queue in WEIGHTS})
        worker = trial.worker(fetch_many, trial.redis, fetch, others, dict(WEIGHTS), 20, name=f"worker {n}")
        came.append([id_of(raw) for _, _, raw in _fetched(trial, worker, WEIGHTS)])
    if came[0] != came[1]:
        raise Wrong(
            "two workers began with the same seeds and the same jobs, and got different ones",
            must_hold="chance comes from `rng` alone: the same seed gives the same orders",
            hint=None,
        )


def _check_hands_off(fetch, trial, reserved):
    """Only others have jobs: the slot that is kept gets none, and leaves them as they are, after each of its commands."""
    for queue in ("low", "default"):
        trial.again()
        _put(trial, **{queue: 5})
        before = _waiting(trial, queue)
        worker = trial.worker(
            fetch_once, trial.redis, fetch, reserved, dict(HEAVIER), WAIT,
            faults=[f"hold after * {n}" for n in range(1, COMMANDS + 1)],
        )  # fmt: skip
        seen = before
        while seen == before and worker.wait_held(3):
            seen = _waiting(trial, queue)
            worker.release()
        if seen != before:
            raise Wrong(
                f"five jobs in {queue}, none in urgent; slot {reserved}, which is kept for urgent, fetches",
                f"between two of its commands there stand in {queue}: {', '.join(seen) or 'none'}, the next one first",
                must_hold="the slot that is kept leaves the jobs of other queues where they are, in their order",
                hint=None,
            )
        _once(trial, worker, HEAVIER, reserved)


def _check_nothing_comes(fetch, trial):
    """No job anywhere: every slot gets None, and asks Redis to wait no longer than it was asked to."""
    trial.again()
    workers = [
        trial.worker(fetch_once, trial.redis, fetch, slot, dict(WEIGHTS), WAIT, name=f"slot {slot}") for slot in range(SLOTS)
    ]

    def done(worker):
        return not worker.alive or _too_long(trial, worker.name)

    trial.until(lambda: all(map(done, workers)), 2.5)
    for slot, worker in enumerate(workers):
        if too_long := _too_long(trial, worker.name):
            raise Wrong(
                f"no job came; slot {slot}, asked to wait {WAIT} s, waits in Redis for {too_long}",
                must_hold="fetch returns None when no job came within `timeout` seconds",
                hint=3,
            )
        if worker.alive and not done(worker):
            raise Wrong(
                f"stuck: no job came; slot {slot}, asked to wait {WAIT} s, had not returned after 2.5 s",
                must_hold="fetch returns None when no job came within `timeout` seconds",
                hint=3,
            )
        got = _once(trial, worker, WEIGHTS, slot)
        if got is not None:
            raise Wrong(f"no job waits; fetch returned {repr(got)[:80]}", must_hold=IS_A_PAIR, hint=None)


def _noted_waits(trial, who):
    """How many seconds each command that waits was to wait in Redis, one number for each."""
    return [float(entry["note"]) for entry in trial.history.records() if entry["who"] == who and entry["what"] == "waits"]


def _too_long(trial, who):
    """How long a worker that was to wait WAIT waits, in words; None when it is not twice as long."""
    waits = _noted_waits(trial, who)
    if 0 in waits:
        return "ever: 0 is no time-out"
    return f"{sum(waits):g} s" if sum(waits) >= 2 * WAIT else None


def _check_comes_while_waiting(fetch, trial, slot, queue):
    """A job that comes while fetch waits: pushed when the worker is seen to wait, or has given up."""
    trial.again()
    worker = trial.worker(fetch_once, trial.redis, fetch, slot, dict(HEAVIER), LONG, name="waiting")
    trial.until(
        lambda: _waits_in_redis(trial) or len(trial.operations("waiting")) > COMMANDS or not worker.alive, 1.5
    )
    sent = trial.operations("waiting")
    if len(sent) > COMMANDS:
        raise Wrong(
            f"no job waits; one fetch of slot {slot}, asked to wait {LONG} s, sent more than {COMMANDS} commands: "
            f"{', '.join(sent[:4])}, …",
            must_hold=f"while nothing comes a fetch sends at most {COMMANDS} commands: Redis tells it when there is a job",
            hint=3,
        )
    if worker.alive and not _waits_in_redis(trial):
        raise Wrong(
            f"no job waits; slot {slot}, asked to wait {LONG} s, has sent {len(sent)} commands, and waits in none of them",
            must_hold="a job that comes is taken at once: an idle slot waits in Redis, which tells it when there is one",
            hint=3,
        )
    waits = _noted_waits(trial, "waiting")
    if worker.alive and waits and waits[-1] * COMMANDS < LONG:
        raise Wrong(
            f"no job came; slot {slot}, asked to wait {LONG} s, waits in Redis for {waits[-1]:g} s",
            must_hold="an idle slot waits up to `timeout` seconds, as long as it is asked to",
            hint=3,
        )
    _put(trial, **{queue: 1})
    # Redis hands a job to a client that waits for its list before it does anything else.
    still = _waits_in_redis(trial) and _waiting(trial, queue)
    got = None
    if not still:
        outcome = trial.outcome(worker, 2)
        trial.expect_no_error(outcome)
        still = outcome.kind == "overran"
        got = outcome.value and outcome.value[0]
    if got is None:
        does = "waits on" if still else "returned None"
        raise Wrong(
            f"{queue}-1 came into {queue} while slot {slot} should have waited for it; fetch(…, timeout={LONG}) {does}",
            anomalies=[
                anomalies.find_starved(
                    _waiting(trial, queue), (), why=[f"slot {slot} is idle, and {queue}-1 stands in {queue}"]
                )
            ],
            must_hold="an idle slot waits up to `timeout` seconds, for all the queues it may take from",
            hint=3,
        )
    if not _is_job(got) or tuple(got) != (queue, _jobs(queue, 1)[0]):
        raise Wrong(f"{queue}-1 came into {queue}; fetch returned {repr(got)[:80]}", must_hold=IS_A_PAIR, hint=None)


def _waits_in_redis(trial):
    """Whether a client waits in Redis for a list of this database."""
    number = str(trial.lease.number)
    return any("b" in client["flags"] and client["db"] == number for client in trial.redis.client_list())
