"""Workers: real processes that run a notebook's functions, die exactly when they must, and leave nothing behind."""

import gc
import multiprocessing.forkserver
import os
import signal
import time
from pathlib import Path

import psutil
import pytest
from processes import Program, running, until

from workbook import paths
from workbook.builder import answers
from workbook.history import History
from workbook.trouble import Trouble
from workbook.workers import Worker


@pytest.fixture
def start(tmp_path):
    """Start a worker; all of them are closed after the test."""
    started = []

    def start(function, *arguments, name="worker 1", faults=()):
        started.append(Worker(function, arguments, name, tmp_path, faults))
        return started[-1]

    yield start
    for worker in started:
        worker.close()


CELL = answers.load('''
import os, time
from workbook.faults import around, given

def double(number):
    return 2 * number

def prints(text):
    print(text)

def divide(a, b):
    given(f"divide({a}, {b})")
    quotient = a / b
    return quotient

def outer(a, b):
    total = 0
    return total + divide(a, b)

def for_ever():
    while True:
        pass

def steps(count):
    for number in range(count):
        with around("step", id=str(number)):
            pass
    return count

class Silent(Exception):
    def __str__(self):
        raise ValueError("no words")

def fails_without_words():
    raise Silent

def ends():
    os._exit(3)

def exits():
    raise SystemExit(3)
''')


def test_a_worker_is_another_process_and_returns_a_value(start):
    worker = start(CELL["double"], 21)
    assert worker.pid != os.getpid()
    outcome = worker.finish()
    assert (outcome.kind, outcome.value, outcome.error) == ("returned", 42, None)
    assert not running(worker.pid)


def test_what_it_prints_is_kept_and_not_shown(start, capfd):
    assert start(CELL["prints"], "good morning").finish().printed == "good morning\n"
    assert capfd.readouterr() == ("", "")


def test_an_exception_is_told_by_function_and_line_without_a_path(start):
    outcome = start(CELL["outer"], 1, 0).finish()
    assert outcome.kind == "raised"
    assert outcome.error.lines == [
        "ZeroDivisionError: division by zero",
        "at divide, line 3: quotient = a / b",
        "given: divide(1, 0)",
    ]
    told = "\n".join(outcome.error.lines)
    assert str(paths.ROOT) not in told and "ipykernel" not in told and ".py" not in told


def test_an_exception_that_cannot_say_what_it_is(start):
    outcome = start(CELL["fails_without_words"]).finish()
    assert outcome.error.lines == ["Silent", "at fails_without_words, line 2: raise Silent"]


def test_sys_exit_is_told_like_an_exception(start):
    assert start(CELL["exits"]).finish().error.kind == "SystemExit"


def test_a_process_that_ends_by_itself(start):
    assert start(CELL["ends"]).finish().kind == "killed"


def test_a_client_of_the_notebook_is_refused_in_a_sentence(start):
    cell = answers.load("import threading\nr = threading.Lock()\ndef take():\n    return r.locked()\n")
    with pytest.raises(Trouble) as refused:
        start(cell["take"])
    assert str(refused.value).startswith("take uses r from the notebook, which cannot go to another process")
    assert "take the client or connection as an argument" in str(refused.value)


def test_an_endless_loop_is_ended(start):
    worker = start(CELL["for_ever"])
    assert worker.finish(within=0.2).kind == "overran"
    assert not running(worker.pid)


def test_a_worker_that_gets_on_is_waited_for(start):
    got_on = [0, time.monotonic() + 0.3, time.monotonic() + 0.2]
    worker = start(CELL["for_ever"])
    assert worker.finish(within=0.2, since=got_on.pop).kind == "overran"
    assert got_on == []


def test_freezing_and_thawing(start):
    worker = start(CELL["steps"], 3, faults=["hold before step 2"])
    assert worker.wait_held() == "held before its 2nd step"
    assert worker.pause()
    worker.release()
    assert psutil.Process(worker.pid).status() == psutil.STATUS_STOPPED
    assert worker.finish(within=0.05).kind == "overran"


def test_a_thawed_process_goes_on(start):
    worker = start(CELL["steps"], 3, faults=["pause before step 2"])
    assert worker.wait_paused()
    worker.resume()
    assert worker.finish().value == 3


def test_signals_to_a_worker_that_has_ended(start):
    worker = start(CELL["double"], 1)
    worker.finish()
    assert worker.pause() is False
    worker.resume()
    worker.terminate()
    worker.release()
    worker.kill()
    worker.close()
    worker.close()
    assert worker.finish().value == 2
    assert not worker.alive and worker.pause() is False


def test_a_worker_closed_unseen_counts_as_killed(start):
    worker = start(CELL["for_ever"])
    worker.close()
    assert worker.finish().kind == "killed"
    assert not running(worker.pid)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files where the system shows them")
def test_two_hundred_workers_leave_nothing_open(start):
    def run(*arguments, **options):
        worker = start(*arguments, **options)
        worker.finish()
        worker.close()

    run(CELL["double"], 1)
    gc.collect()  # what earlier tests have dropped
    before = psutil.Process().num_fds()
    for number in range(40):
        run(CELL["double"], number)
        run(CELL["outer"], 1, 0)
        run(CELL["ends"])
        run(CELL["steps"], 2, faults=["kill before step 2"])
        start(CELL["for_ever"]).close()
    assert psutil.Process().num_fds() <= before
    server = psutil.Process(multiprocessing.forkserver._forkserver._forkserver_pid)
    assert until(lambda: not server.children()), "workers, or what is left of them, are still there"
    assert server.num_fds() < 20


def test_a_killed_fork_server_is_replaced(start):
    start(CELL["double"], 1).finish()
    server = multiprocessing.forkserver._forkserver._forkserver_pid
    os.kill(server, signal.SIGKILL)
    assert until(lambda: not running(server))
    assert start(CELL["double"], 4).finish().value == 8


# What needs a parent that is interrupted or killed

PARENT = '''
import multiprocessing.forkserver, os, signal, sys, threading, time
from workbook.workers import Worker

def for_ever():
    while True:
        pass

def steps():
    from workbook.faults import around
    with around("step"):
        pass
    return 42

def start(function, name, *faults):
    return Worker(function, (), name, sys.argv[1], faults)
'''


def test_workers_and_fork_server_die_with_their_parent_also_when_frozen(tmp_path):
    code = PARENT + '''
workers = [start(for_ever, "runs"), start(steps, "frozen", "pause before step"), start(steps, "held", "hold before step")]
assert workers[1].wait_paused() and workers[2].wait_held()
print(*[worker.pid for worker in workers], multiprocessing.forkserver._forkserver._forkserver_pid)
sys.stdin.readline()
'''
    with Program(code, tmp_path) as program:
        pids = [int(pid) for pid in program.line().split()]
        assert all(map(running, pids))
        program.process.send_signal(signal.SIGKILL)
        assert until(lambda: not any(map(running, pids))), [pid for pid in pids if running(pid)]


def test_a_worker_ignores_the_interrupt_of_its_kernel(tmp_path):
    code = PARENT + '''
worker = start(steps, "held", "hold before step")
assert worker.wait_held()
try:
    print("held")  # the interrupt may come as soon as this is read
    while True:
        time.sleep(60)
except KeyboardInterrupt:
    worker.release()
    print(worker.finish().value)
'''
    with Program(code, tmp_path) as program:
        assert program.line() == "held"
        os.killpg(program.process.pid, signal.SIGINT)
        assert program.end() == (0, "42\n", "")


def test_interrupts_while_workers_are_born(tmp_path):
    code = PARENT + '''
signal.signal(signal.SIGINT, lambda *_: None)

def interrupt():
    while True:
        os.killpg(0, signal.SIGINT)
        time.sleep(0.0005)

threading.Thread(target=interrupt, daemon=True).start()
for number in range(40):
    worker = start(steps, f"worker {number}")
    outcome = worker.finish(20)
    assert outcome.value == 42, outcome
    worker.close()
print("all returned")
'''
    with Program(code, tmp_path) as program:
        assert program.end() == (0, "all returned\n", "")


def test_the_history_survives_sigkill(start, tmp_path):
    worker = start(CELL["steps"], 500, faults=["kill before step 400"])
    outcome = worker.finish()
    assert outcome.kind == "killed"
    assert [fault["note"] for fault in outcome.faults] == ["killed before its 400th step"]
    ended = [entry["id"] for entry in History(tmp_path).records() if entry["phase"] == "end"]
    assert ended == [str(number) for number in range(399)]


def test_a_record_that_is_being_written_is_not_read_yet(tmp_path):
    history = History(tmp_path)
    recorder = history.recorder("worker 1")
    recorder.record("step", "start", "order 1")
    with open(next(tmp_path.glob("*.jsonl")), "ab") as file:
        file.write(b'{"at": 1, "who": "worker 1", "wh')
    assert [entry["id"] for entry in history.records()] == ["order 1"]
    recorder.close()


def test_a_record_written_half_an_operation_ago_has_no_end(start, tmp_path):
    cell = answers.load('''
from workbook.faults import around
def stands_still():
    with around("work", id="order 7"):
        print("at it")
        while True:
            pass
''')
    worker = start(cell["stands_still"])
    assert until(lambda: any(entry["phase"] == "start" and entry["what"] == "work" for entry in History(tmp_path).records()))
    worker.kill()
    assert worker.finish().kind == "killed"
    assert [entry["phase"] for entry in History(tmp_path).records() if entry.get("id") == "order 7"] == ["start"]
