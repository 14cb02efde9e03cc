"""Lab 15: workers crash. How the answers to 15.1, 15.2 and 15.3 are judged.

The layout that the lab teaches: jobs wait in the list `jobs` (pushed on the left, taken on the right); what worker w
has taken is in the list `processing:w`, w's own; w is alive as long as the key `lease:w` exists. A job is its text,
b"order 7", and its id.

The judgement is the one law (`workbook.anomalies`): after every fault each accepted job is found, once, in `jobs`, in
the list of the worker that took it, or done.
"""

import time

from workbook import anomalies
from workbook.anomalies import Ledger, as_text
from workbook.checks.jobs import dump_all, found_elsewhere
from workbook.exercises import checks
from workbook.faults import crash_points, given
from workbook.proxy import lost_reply
from workbook.verdicts import CannotTell, Wrong

BROKERS = ("redis",)

JOBS = [f"order {n}" for n in range(1, 6)]
WAIT = 0.05
"""Seconds that `take` is asked to wait when nothing shall come: long enough for a command, short enough for a check."""


# What runs in the workers


def take_once(r, take, worker, timeout=WAIT):
    given(f"take(r, {worker!r}, timeout={timeout})")
    return take(r, worker, timeout)


def take_and_finish_all(r, take, finish, worker, world):
    """The worker loop of the lab: take, do, finish, until nothing comes."""
    empty = 0
    while empty < 2:
        raw = take_once(r, take, worker)
        if raw is None:
            empty += 1
        else:
            world.charge(as_text(raw), 100)
            finish(r, worker, raw)


def finish_once(r, finish, worker, raw):
    given(f"finish(r, {worker!r}, {raw!r})")
    return finish(r, worker, raw)


def renew_once(r, leases, worker, milliseconds):
    given(f"{leases.__name__}(r, {milliseconds}).renew({worker!r})")
    return leases(r, milliseconds).renew(worker)


def renew_twice(r, leases, worker, first, second):
    """Renew, and renew again for longer; whether the first lease still ran at the second renewal."""
    begun = time.monotonic()
    renew_once(r, leases, worker, first)
    renew_once(r, leases, worker, second)
    return time.monotonic() - begun < first / 1000


def recover_once(r, leases, milliseconds):
    given(f"{leases.__name__}(r, {milliseconds}).recover()")
    return leases(r, milliseconds).recover()


def recover_until(r, leases, milliseconds, wanted):
    """Recover again and again until `wanted` jobs have come back; the worker's deadline bounds it."""
    given(f"{leases.__name__}(r, {milliseconds}).recover()")
    back = 0
    while back < wanted:
        back += leases(r, milliseconds).recover() or 0
    return back


# What the checks share


def _enqueue(trial, jobs=JOBS):
    trial.again()
    for job in jobs:
        trial.redis.lpush("jobs", job)


def _found(trial, workers):
    """Where every job is now, by the layout of the lab; workers: whose lists somebody would look into."""
    found = {"waiting": trial.redis.lrange("jobs", 0, -1), "done": trial.world.charges()}
    for worker in workers:
        found[f"the list of {worker}"] = trial.redis.lrange(f"processing:{worker}", 0, -1)
    return found


def _judge_law(trial, workers, circumstance, must_hold, hint=1):
    """End the check as WRONG if a job is lost or twice there."""
    ledger = Ledger(accepted=JOBS, found=_found(trial, workers))
    broken = anomalies.find_anomalies(ledger, records=trial.history.records())
    if broken:
        elsewhere = found_elsewhere(trial, broken[0].ids, ["jobs", *(f"processing:{worker}" for worker in workers)]) if broken[0].name == "lost" else []
        # A job that stands where nobody looks for it is another mistake than one that stands nowhere.
        raise Wrong(circumstance, *elsewhere, anomalies=broken, must_hold=must_hold, hint=2 if elsewhere else hint)


@checks(
    "15.1",
    title="take",
    budget=5,
    hints=[
        "Between two commands a worker can die. Count the moments in which the job is in no list: there must be none.",
        "After the kill somebody looks for the dead worker's jobs. In which list would they look, if all they know is its name?",
        "The reply can be lost on its way: Redis did it, you don't know. What could you look at first, before you take more?",
    ],
)
def check_take(take, trial):
    keeps = "from the push to the finish, each job is in jobs or in the list of the worker that took it"
    _enqueue(trial)
    worker = trial.worker(take_once, trial.redis, take, "worker 1", name="worker 1")
    raw = trial.result(worker)
    if raw != b"order 1":
        raise Wrong(
            f"five jobs wait, order 1 the longest; take returned {raw!r}",
            must_hold="take returns the job that has waited longest, as Redis gives it",
            hint=None,
        )
    # Traced the second time: what happens once a server (a script that is loaded) is no part of taking a job.
    _enqueue(trial)
    trial.result(trial.worker(take_once, trial.redis, take, "worker 1", name="traced"))
    operations = trial.operations("traced", but=("charge",))

    points = crash_points(operations)
    for number, point in enumerate(points, 2):
        _enqueue(trial)
        name = f"worker {number}"
        outcome = trial.outcome(trial.worker(take_once, trial.redis, take, name, name=name, fault=point))
        trial.expect_no_error(outcome)
        trial.expect_fault(outcome, point)
        _judge_law(trial, [name], f"{name} was {outcome.fault}", keeps)

    _check_empty_and_waiting(take, trial)
    if not any([_check_lost_reply(take, trial, operation) for operation in dict.fromkeys(operations)]):
        raise CannotTell(f"no reply that carries a job could be lost; the operations were {', '.join(operations)}")
    _check_held(take, trial)
    return (
        f"killed before and after each of {', '.join(operations)}, and with a lost reply: "
        f"each of {len(JOBS)} jobs found, once"
    )


def _check_empty_and_waiting(take, trial):
    trial.again()
    raw = trial.result(trial.worker(take_once, trial.redis, take, "worker 1"))
    if raw is not None:
        raise Wrong(
            f"no job waits; take returned {raw!r}", must_hold="take returns None when no job came in time", hint=None
        )
    # A job that comes while take waits: pushed when the worker is seen at its first operation, or has given up.
    worker = trial.worker(take_once, trial.redis, take, "worker 1", 2, name="waiting", fault="hold before * 1")
    if worker.wait_held():
        worker.release()
        trial.until(lambda: _waits(trial, "waiting") or not worker.alive)
        trial.redis.lpush("jobs", "order 1")
    if trial.result(worker) is None:
        raise Wrong(
            "take(timeout=2) gave up at once, though a job came while it should have waited",
            must_hold="take waits up to `timeout` seconds for a job",
            hint=None,
        )


def _check_held(take, trial):
    """Two jobs are in the worker's own list and three wait: the older of the two comes first."""
    _enqueue(trial, JOBS[2:])
    trial.redis.lpush("processing:worker 1", *JOBS[:2])
    raw = trial.result(trial.worker(take_once, trial.redis, take, "worker 1"))
    circumstance = "worker 1 held order 1 and order 2 already, order 1 the longest"
    if raw != b"order 1":
        raise Wrong(
            f"{circumstance}; take returned {raw!r}",
            must_hold="what a worker holds already comes before what waits, oldest first",
            hint=3,
        )
    _judge_law(trial, ["worker 1"], circumstance, "each job is in one list", hint=None)


def _waits(trial, who):
    """Whether a worker waits for a job: Redis has it blocked in this database, or it has come back several times."""
    blocked = any(
        "b" in client["flags"] and client["db"] == str(trial.lease.number) for client in trial.redis.client_list()
    )
    return blocked or len(trial.operations(who, but=("charge",))) > 3


def _check_lost_reply(take, trial, operation):
    """Lose one reply to `operation` that carried a job. False when there is none: it only ever answered "nothing"."""
    from workbook.taught.lab15 import finish

    _enqueue(trial)
    name = f"worker whose {operation} reply was lost"
    with lost_reply("redis", lose=operation) as proxy:
        r = {**trial.redis_at, "host": proxy.host, "port": proxy.port}
        worker = trial.worker(_work_through, r, take, finish, "worker 1", trial.world, name=name)
        outcome = trial.outcome(worker)
        if not proxy.lost:
            return False
    trial.expect_no_error(outcome)
    circumstance = f"the reply to {operation} was lost, the client asked again; then the worker went on until nothing came"
    if outcome.kind == "overran":
        raise Wrong(
            circumstance, "it was still at it after 3 s", must_hold="a worker ends when no job is left", hint=None
        )
    held = {"worker 1": trial.redis.lrange("processing:worker 1", 0, -1)}
    stuck = anomalies.find_stuck(held, records=trial.history.records())
    if stuck:
        raise Wrong(
            circumstance, anomalies=[stuck], must_hold="a worker that lost a reply still finds what Redis gave it", hint=3
        )
    _judge_law(trial, ["worker 1"], circumstance, "each job is done once when the worker itself was never killed", hint=3)
    done = trial.world.charges()
    if done.index("order 1") > 1:
        raise Wrong(
            circumstance,
            f"order 1 was in the worker's own list all the time, and was done after {done[done.index('order 1') - 1]}",
            must_hold="the next call finds what is in the worker's own list, also while other jobs wait",
            hint=3,
        )
    return True


def _work_through(redis_at, take, finish, worker, world):
    import redis

    take_and_finish_all(redis.Redis(**redis_at), take, finish, worker, world)


@checks(
    "15.2",
    title="finish",
    budget=5,
    hints=[
        "A worker may hold several jobs, and others hold theirs. What is the smallest thing that has to disappear?",
        "Somebody may have given the job to another worker meanwhile. Which reply of Redis tells you whether it was still there?",
        "Looking first and removing later are two moments. What can happen between them?",
    ],
)
def check_finish(finish, trial):
    exact = "finish removes that job, once, from that worker's list, and touches nothing else"
    truth = "finish returns True if and only if this call removed the job from this worker's list"

    def expect(worker, raw, answer, gone, circumstance):
        before, everything = _held_lists(trial), dump_all(trial)
        value = trial.result(trial.worker(finish_once, trial.redis, finish, worker, raw))
        if value not in (True, False):
            raise Wrong(circumstance, f"finish returned {value!r}", must_hold=truth, hint=None)
        after = _held_lists(trial)
        if gone:
            before[f"processing:{worker}"].remove(raw)
        if after != before:
            raise Wrong(circumstance, *_difference(before, after), must_hold=exact)
        if bool(value) is not answer:
            raise Wrong(circumstance, f"finish returned {value!r}", must_hold=truth, hint=2)
        changed = sorted(key for key in {*everything, *dump_all(trial)} if everything.get(key) != dump_all(trial).get(key))
        if not answer and changed:
            raise Wrong(
                circumstance,
                f"finish returned {value!r}, and changed {', '.join(changed)} in Redis",
                must_hold="a finish that comes too late changes nothing",
                hint=2,
            )

    _hold(trial)
    expect("worker 1", b"order 2", True, True, "worker 1 holds orders 1, 2, 2 (two jobs of one text) and 3, and finishes order 2")
    expect("worker 1", b"order 3", True, True, "worker 1 finishes order 3")
    expect("worker 1", b"order 3", False, False, "worker 1 finishes order 3 a second time")
    expect("worker 1", b"order 4", False, False, "worker 1 finishes order 4, which worker 2 holds by now")
    expect("worker 1", b"order 5", False, False, "worker 1 finishes order 5, which waits in jobs again")

    # Traced now that whatever happens once a server (a script that is loaded) has happened.
    _hold(trial)
    trial.result(trial.worker(finish_once, trial.redis, finish, "worker 1", b"order 1", name="traced"))
    operations = trial.operations("traced", but=("charge",))
    for number, point in enumerate(crash_points(operations)):
        _hold(trial)
        before = _held_lists(trial)
        name = f"killed {number}"
        outcome = trial.outcome(
            trial.worker(finish_once, trial.redis, finish, "worker 1", b"order 1", name=name, fault=point)
        )
        trial.expect_no_error(outcome)
        trial.expect_fault(outcome, point)
        after = _held_lists(trial)
        done = {**before, "processing:worker 1": [raw for raw in before["processing:worker 1"] if raw != b"order 1"]}
        if after not in (before, done):
            raise Wrong(
                f"worker 1 was {outcome.fault}, finishing order 1", *_difference(before, after), must_hold=exact
            )

    for n in range(1, len(operations) + 1):
        _check_taken_away(finish, trial, n, truth)
    return (
        f"that job and no other, once; False when it was not held; killed before and after {', '.join(operations)}, "
        f"and with the job taken away in between"
    )


def _check_taken_away(finish, trial, n, truth):
    """The job goes to worker 2 while worker 1 stands right before its n-th operation."""
    _hold(trial)
    name = f"held at {n}"
    worker = trial.worker(
        finish_once, trial.redis, finish, "worker 1", b"order 1", name=name, fault=f"hold before * {n}"
    )
    if not worker.wait_held():
        raise CannotTell(f"finish made fewer than {n} operations this time")
    trial.redis.lmove("processing:worker 1", "processing:worker 2", "RIGHT", "LEFT")
    worker.release()
    value = trial.result(worker)
    held = _held_lists(trial)
    circumstance = f"order 1 was given to worker 2 right before operation {n} of worker 1's finish"
    if b"order 1" not in held["processing:worker 2"]:
        raise Wrong(circumstance, "worker 2 has lost it", must_hold="a late finish changes nothing", hint=3)
    if value:
        raise Wrong(circumstance, f"finish returned {value!r}", must_hold=truth, hint=3)


def _hold(trial):
    """worker 1 holds orders 1, 2, 2 and 3, worker 2 holds order 4, order 5 waits."""
    trial.again()
    trial.redis.lpush("processing:worker 1", "order 1", "order 2", "order 2", "order 3")
    trial.redis.lpush("processing:worker 2", "order 4")
    trial.redis.lpush("jobs", "order 5")


def _held_lists(trial):
    return {key: trial.redis.lrange(key, 0, -1) for key in ("jobs", "processing:worker 1", "processing:worker 2")}


def _difference(before, after):
    said = []
    for key, jobs in before.items():
        if after[key] != jobs:
            said.append(f"{key} should hold {_say(jobs)}, and holds {_say(after[key])}")
    return said


def _say(jobs):
    return ", ".join(map(as_text, reversed(jobs))) or "nothing"


@checks(
    "15.3",
    title="Leases",
    budget=5,
    hints=[
        "Dead and slow look alike. What can a live worker do again and again that a dead one can't, and who forgets it by itself?",
        "A renewal has to move the end further out each time, also when an older lease is still running.",
        "recover can be killed too, and two of them can run at once. Let each job change its list in one step, and keep its place in the order.",
    ],
)
def check_leases(leases, trial):
    _check_alive(leases, trial)
    _check_silent(leases, trial)
    _check_renew_crashes(leases, trial)
    _check_recover_crashes(leases, trial)
    _check_two_recover(leases, trial)
    _check_zombie(leases, trial)
    return [
        "the silent worker's jobs came back, next in line and in their order; the slow one that renewed kept its own",
        "renew and recover killed at each operation, and two recovers at once: each job found, once",
        "the zombie's late finish changed nothing",
    ]


def _check_alive(leases, trial):
    trial.again()
    trial.redis.lpush("processing:worker 1", "order 1")
    trial.result(trial.worker(renew_once, trial.redis, leases, "worker 1", 60_000))
    back = trial.result(trial.worker(recover_once, trial.redis, leases, 60_000))
    held = {"worker 1": trial.redis.lrange("processing:worker 1", 0, -1)}
    robbed = anomalies.find_robbed({"worker 1": ["order 1"]}, held)
    if robbed:
        raise Wrong(
            "worker 1 renewed its lease of 60 s, then recover ran",
            anomalies=[robbed],
            must_hold="a worker whose lease runs keeps its jobs, however slow it is",
        )
    if back != 0:
        raise Wrong(
            f"nothing was to be given back; recover returned {back!r}", must_hold="recover returns how many", hint=None
        )


def _check_silent(leases, trial):
    """worker 1 falls silent; worker 2 renewed for long; worker 3 died before it ever renewed."""
    for _ in range(20):
        trial.again()
        if trial.result(trial.worker(renew_twice, trial.redis, leases, "worker 2", 100, 60_000)):
            break
    else:
        raise CannotTell("this machine is too busy: a lease of 100 ms ran out between two renewals, 20 times")
    trial.redis.lpush("jobs", "order 5", "order 6")
    trial.redis.lpush("processing:worker 3", "order 1")
    trial.redis.lpush("processing:worker 1", "order 2", "order 3")
    trial.redis.lpush("processing:worker 2", "order 4")
    trial.result(trial.worker(renew_once, trial.redis, leases, "worker 1", 100))
    outcome = trial.outcome(trial.worker(recover_until, trial.redis, leases, 100, 3))
    trial.expect_no_error(outcome)
    # Once more: a lease of worker 2 that was not moved has surely ended, it was given before worker 1's.
    trial.result(trial.worker(recover_once, trial.redis, leases, 100))
    held = {f"worker {n}": trial.redis.lrange(f"processing:worker {n}", 0, -1) for n in (1, 2, 3)}
    renewed = "worker 1 fell silent with a lease of 100 ms; worker 2 had renewed its own of 100 ms to 60 s"
    robbed = anomalies.find_robbed({"worker 2": ["order 4"]}, held)
    if robbed:
        raise Wrong(
            renewed,
            anomalies=[robbed],
            must_hold="each worker keeps its jobs until its own lease ends, counted from its last renewal",
            hint=2,
        )
    stuck = anomalies.find_stuck(held, alive=["worker 2"])
    if stuck:
        raise Wrong(renewed, anomalies=[stuck], must_hold="what a silent worker held is given back")
    waiting = [as_text(raw) for raw in reversed(trial.redis.lrange("jobs", 0, -1))]
    ledger = Ledger(accepted=[f"order {n}" for n in (1, 2, 3, 5, 6)], found={"waiting": waiting})
    broken = anomalies.find_anomalies(ledger)
    if broken:
        raise Wrong(renewed, anomalies=broken, must_hold="each job of a silent worker is given back, once", hint=3)
    if outcome.kind == "overran":
        raise Wrong(
            renewed, "recover gave back 3 jobs and did not say so", must_hold="recover returns how many", hint=None
        )
    sequences = ([j for j in waiting if j != "order 1"], [j for j in waiting if j not in ("order 2", "order 3")])
    for sequence in sequences:
        reordered = anomalies.find_reordered({"jobs": sequence})
        if reordered:
            raise Wrong(
                "worker 3, dead without a lease, held order 1; worker 1, silent, orders 2 and 3; orders 5 and 6 waited",
                f"now they come in the order {', '.join(waiting)}",
                anomalies=[reordered],
                must_hold="what is given back comes next, before jobs that came later",
                hint=3,
            )


def _check_renew_crashes(leases, trial):
    """Kill worker 1 after each operation of its renewal: whatever is left of it, its job comes back."""
    trial.again()
    trial.result(trial.worker(renew_once, trial.redis, leases, "worker 1", 100, name="traced"))
    for n in range(1, len(trial.operations("traced", but=("charge",))) + 1):
        trial.again()
        trial.redis.lpush("processing:worker 1", "order 1")
        outcome = trial.outcome(
            trial.worker(renew_once, trial.redis, leases, "worker 1", 100, name="killed", fault=f"kill after * {n}")
        )
        trial.expect_no_error(outcome)
        if not outcome.faults:
            continue
        back = trial.outcome(trial.worker(recover_until, trial.redis, leases, 100, 1), within=2.0)
        trial.expect_no_error(back)
        stuck = anomalies.find_stuck({"worker 1": trial.redis.lrange("processing:worker 1", 0, -1)})
        if stuck:
            raise Wrong(
                f"worker 1 was {outcome.fault} of a renewal for 100 ms, and never came back",
                anomalies=[stuck],
                must_hold="a lease ends by itself, wherever the worker that renews it dies",
            )


def _silent(trial):
    """worker 1 is dead, without a lease, with two jobs; three more wait."""
    trial.again()
    trial.redis.lpush("processing:worker 1", "order 1", "order 2")
    trial.redis.lpush("jobs", "order 3", "order 4", "order 5")


def _check_recover_crashes(leases, trial):
    _silent(trial)
    trial.result(trial.worker(recover_once, trial.redis, leases, 100, name="traced"))
    operations = trial.operations("traced", but=("charge",))
    must_hold = "each job is in one list at every moment, also when recover is killed"
    for number, point in enumerate(crash_points(operations)):
        _silent(trial)
        outcome = trial.outcome(trial.worker(recover_once, trial.redis, leases, 100, name=f"killed {number}", fault=point))
        trial.expect_no_error(outcome)
        if not outcome.faults:
            continue  # the lists came in another order this time, with fewer operations
        told = f"recover was {outcome.fault}"
        _judge_law(trial, ["worker 1"], told, must_hold, hint=3)
        trial.result(trial.worker(recover_once, trial.redis, leases, 100))
        _judge_given_back(trial, f"{told}, then run again")


def _check_two_recover(leases, trial):
    _silent(trial)
    trial.result(trial.worker(recover_once, trial.redis, leases, 100, name="counted"))
    for n in range(1, len(trial.operations("counted", but=("charge",))) + 1):
        _silent(trial)
        first = trial.worker(
            recover_once, trial.redis, leases, 100, name=f"first {n}", fault=f"hold before * {n}"
        )
        if first.wait_held():
            trial.result(trial.worker(recover_once, trial.redis, leases, 100, name=f"second {n}"))
            first.release()
        trial.result(first)
        _judge_given_back(trial, f"one recover ran while another stood before operation {n}")


def _judge_given_back(trial, circumstance):
    """End the check as WRONG unless worker 1, who is dead, holds nothing any more, and each job is there once."""
    _judge_law(trial, ["worker 1"], circumstance, "each job is given back once", hint=3)
    stuck = anomalies.find_stuck({"worker 1": trial.redis.lrange("processing:worker 1", 0, -1)})
    if stuck:
        raise Wrong(circumstance, anomalies=[stuck], must_hold="all that a silent worker held is given back", hint=None)


def _check_zombie(leases, trial):
    """worker 1 is frozen with order 1; worker 2 gets it; worker 1 is thawed and finishes late."""
    from workbook.taught.lab15 import finish, take

    _enqueue(trial, ["order 1"])
    zombie = trial.worker(
        _renew_and_work, trial.redis, leases, take, finish, "worker 1", trial.world, name="worker 1", fault="pause before charge"
    )
    if not zombie.wait_paused():
        raise CannotTell("worker 1 was to be frozen before its charge, and did not get there")
    back = trial.outcome(trial.worker(recover_until, trial.redis, leases, 100, 1))
    if back.kind == "overran":
        raise Wrong(
            "worker 1 was frozen with order 1, for longer than its lease of 100 ms",
            must_hold="what a silent worker held is given back",
        )
    trial.expect_no_error(back)
    second = trial.worker(
        _renew_and_work, trial.redis, leases, take, finish, "worker 2", trial.world, name="worker 2", fault="hold after charge"
    )
    if not second.wait_held():
        raise CannotTell("worker 2 was to hold order 1, and did not get there")
    zombie.resume()
    late = trial.result(zombie)
    held = {"worker 2": trial.redis.lrange("processing:worker 2", 0, -1)}
    robbed = anomalies.find_robbed({"worker 2": ["order 1"]}, held, records=trial.history.records())
    second.release()
    finished = trial.result(second)
    if robbed or late or not finished:
        raise Wrong(
            f"worker 1 was frozen past its lease, worker 2 got order 1, worker 1 was thawed and finished late: "
            f"its finish said {late}, worker 2's {finished}",
            anomalies=[robbed] if robbed else [],
            must_hold="a zombie's late finish changes nothing",
        )
    _judge_law_done(trial)


def _renew_and_work(r, leases, take, finish, worker, world):
    leases(r, 100).renew(worker)
    raw = take(r, worker, WAIT)
    world.charge(as_text(raw), 100)
    return bool(finish(r, worker, raw))


def _judge_law_done(trial):
    left = {"jobs": trial.redis.lrange("jobs", 0, -1)}
    left |= {key.decode(): trial.redis.lrange(key, 0, -1) for key in trial.redis.scan_iter("processing:*")}
    leaked = anomalies.find_leaked(left, noun="job")
    if leaked:
        raise Wrong("all work is done", anomalies=[leaked], must_hold="nothing is left when nothing is to do")
