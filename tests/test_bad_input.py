"""What learners and machines do to a notebook, in real kernels on real brokers: one sentence, nothing lost.

Commands on a machine that is not as it should be (an old Python, no Java, no disk, an engine not running,
words that a command does not know) are in `test_cli.py` and `test_brokers.py`.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import nbformat
import psutil
import pytest
from jupyter_client.manager import KernelManager
from second_checkout import Checkout

from workbook import exercises, paths
from workbook.builder import executing

DEADLINE = 60
"""Seconds for what takes one or two, on a machine that does something else as well."""

SETUP = """
import redis
from workbook import check, exercise, hint, judge, open_lab, predict, reveal
lab = open_lab("15")
r = lab.redis
"""

RIGHT = """
@exercise("15.1")
def take(r, worker, timeout=1):
    held = r.lindex(f"processing:{worker}", -1)
    return held or r.blmove("jobs", f"processing:{worker}", timeout, "RIGHT", "LEFT")
"""

CHECK = 'take = check("15.1")'


class Kernel:
    """A kernel of its own process, as JupyterLab starts it, and what its cells show."""

    def __init__(self, root=paths.ROOT):
        self.manager = executing.manager(KernelManager)(kernel_name="python3")
        self.manager.start_kernel(
            cwd=str(root),
            env={**os.environ, "PYTHONPATH": str(root)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(DEADLINE)
        self.pid = self.manager.provisioner.process.pid

    def start(self, code):
        """Send a cell and do not wait for it."""
        return self.client.execute(code, allow_stdin=False)

    def end_of(self, sent, timeout=DEADLINE):
        """Wait for the end of a cell that was sent; all that it showed, errors as people see them."""
        shown = []
        while True:
            message = self.client.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != sent:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                shown.append(content["text"])
            elif kind == "error":
                shown.append(re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(content["traceback"])) + "\n")
            elif kind in ("execute_result", "display_data"):
                shown.append(content["data"].get("text/plain", "") + "\n")
            elif kind == "status" and content["execution_state"] == "idle":
                return "".join(shown)

    def run(self, code, timeout=DEADLINE):
        """Run a cell to its end; all that it showed."""
        return self.end_of(self.start(code), timeout)

    def family(self):
        """The kernel's process and everything that it has started."""
        kernel = psutil.Process(self.pid)
        return [kernel, *kernel.children(recursive=True)]

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@contextlib.contextmanager
def kernel(root=paths.ROOT, setup=SETUP):
    one = Kernel(root)
    try:
        assert one.run(setup) == ""
        yield one
    finally:
        one.close()


@pytest.fixture(scope="module")
def learner(shared_brokers):
    """A kernel in which one learner does one thing wrong after the other."""
    with kernel() as one:
        yield one


def until(condition, within=DEADLINE):
    """Wait for something that only looking shows; fails when it does not come."""
    deadline = time.monotonic() + within
    while not (seen := condition()):
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.02)
    return seen


def sentence(shown):
    """What a cell showed, which must be one sentence of ours and no traceback."""
    assert shown.startswith("workbook: ") and shown.count("\n") == 1, shown
    return shown


# --- answers ------------------------------------------------------------------------------------------------


def answer(*body, parameters="r, worker, timeout=1", before=""):
    return "\n".join(
        [before, '@exercise("15.1")', f"def take({parameters}):", *(f"    {line}" for line in body)]
    )


SAID = {
    "an endless loop": (
        answer("while True:", "    pass"),
        "WRONG",
        ["stuck: worker 1 had not returned after 3 s", "must hold: it returns"],
    ),
    "an endless loop that prints": (
        answer("while True:", "    print('still here' * 1000)"),
        "",
        ["still here", "more characters", "more lines"],
    ),
    "an exception": (
        answer("waiting = {}", "return waiting['order 7']"),
        "YOUR CODE RAISED",
        ["KeyError: 'order 7'", "at take, line 4: return waiting['order 7']", "given: take(r, 'worker 1'"],
    ),
    "an exception in a helper": (
        answer("return helper(r)", before="def helper(r):\n    return r.no_such_command()\n"),
        "YOUR CODE RAISED",
        ["at helper, line 2: return r.no_such_command()", "given: take(r, 'worker 1'"],
    ),
    "an exception that cannot say what it is": (
        answer(
            "class Mute(Exception):", "    def __str__(self):", "        return self.nothing", "raise Mute(r)"
        ),
        "YOUR CODE RAISED",
        ["Mute", "line 6: raise Mute(r)"],
    ),
    "an exit": (answer("raise SystemExit(3)"), "YOUR CODE RAISED", ["SystemExit: 3", "line 3"]),
    "a process that ends": (
        answer("import os", "os._exit(3)"),
        "CANNOT TELL",
        ["ended on its own, without an exception", "run the check again"],
    ),
    "endless recursion": (answer("return take(r, worker)"), "YOUR CODE RAISED", ["RecursionError"]),
    "a question": (
        answer("return input('which? ')"),
        "YOUR CODE RAISED",
        ["EOFError", "your code printed:\n    which?"],
    ),
    "a name that is not there": (
        answer("return client.rpop('jobs')", before="globals().pop('client', None)"),
        "YOUR CODE RAISED",
        ["NameError: name 'client' is not defined"],
    ),
    "a global client": (
        answer("return client.rpop('jobs')", before="client = lab.redis"),
        "WRONG",
        ["take uses client from the notebook", "take the client or connection as an argument"],
    ),
    "an open file": (
        answer("log.write(worker)", before="import os\nlog = open(os.devnull, 'w')"),
        "WRONG",
        ["take uses log from the notebook"],
    ),
    "too few parameters": (
        answer("return r.rpop('jobs')", parameters="r"),
        "WRONG",
        [
            "take has the parameters (r)",
            "must hold: it can be called as in the blank: take(r, worker, timeout=1)",
        ],
    ),
    "too many parameters": (
        answer("return r.rpop('jobs')", parameters="r, worker, timeout, more"),
        "WRONG",
        ["'more'", "as in the blank"],
    ),
    "a parameter of another name": (
        answer("return r.rpop('jobs')", parameters="r, worker, wait=1"),
        "WRONG",
        ["'timeout'", "as in the blank"],
    ),
    "a generator": (answer("yield r.rpop('jobs')"), "WRONG", ["take returned <generator>"]),
    "a coroutine": (
        answer("return r.rpop('jobs')").replace("def take", "async def take"),
        "WRONG",
        ["returned <coroutine>"],
    ),
    "its own client returned": (answer("return r"), "WRONG", ["take returned <Redis>"]),
    "a very long value": (
        answer("return b'x' * 5_000_000"),
        "WRONG",
        ["take returned b'xxx", "more characters"],
    ),
    "something printed": (
        answer("print('looking for', worker)", "return r.rpop('jobs')"),
        "WRONG",
        ["lost: 1 of 5 jobs", "your code printed:\n    looking for worker 1\n    looking for worker 2\n"],
    ),
    "a value": ('exercise("15.1")(42)', "NOT ATTEMPTED", ["neither a function nor a class"]),
    "the result of a call": (
        'exercise("15.1")(r.rpop("jobs"))',
        "NOT ATTEMPTED",
        ["run the cell with the blank first"],
    ),
    "the workbook's own answer": (
        'from workbook.exercises import reference\nexercise("15.1")(reference("15.1"))',
        "NOT ATTEMPTED",
        ["the workbook's own answer, handed back in"],
    ),
    "what check gave back": (
        'exercise("15.1")(None)\ntake = check("15.1")\nexercise("15.1")(take)',
        "NOT ATTEMPTED",
        ["the workbook's own answer, handed back in"],
    ),
    "what check gave back, wrapped": (
        f'exercise("15.1")(None)\ngiven = check("15.1")\n{answer("return given(r, worker, timeout)")}',
        "NOT ATTEMPTED",
        ["this hands the work to the workbook's own answer"],
    ),
}


@pytest.mark.parametrize(
    ("cell", "word", "says"), SAID.values(), ids=[name.replace(" ", "-") for name in SAID]
)
def test_an_answer_gets_a_verdict_and_the_lab_goes_on(learner, cell, word, says):
    learner.run(cell)
    shown = learner.run(CHECK)
    assert f"15.1 take · {word}" in shown.splitlines()[0]
    for text in says:
        assert text in shown
    assert "PASS" not in shown and "Traceback" not in shown and "workers.py" not in shown
    assert all(len(line) < 600 for line in shown.splitlines())
    assert "the lab goes on with the workbook's own take" in shown
    assert ('hint("15.1") prints a hint' in shown) == ("YOUR CODE RAISED" in shown)
    # Nothing is lost: the lab has something to go on with, and no worker is left behind.
    assert learner.run("take.__module__") == "'workbook.taught.lab15'\n"
    until(lambda: not workers(learner))
    assert learner.run("r.ping()") == "True\n"


def workers(of):
    """The worker processes of a kernel: what its fork server has started."""
    servers = [one for one in psutil.Process(of.pid).children() if "forkserver" in " ".join(one.cmdline())]
    return [
        worker
        for server in servers
        for worker in server.children()
        if worker.status() != psutil.STATUS_ZOMBIE
    ]


def test_a_class_without_one_of_its_methods_is_told_which(learner):
    learner.run(
        '@exercise("15.3")\nclass Leases:\n    def __init__(self, r, milliseconds):\n        self.r = r\n'
        "    def renew(self, worker):\n        self.r.set('lease', worker)"
    )
    shown = learner.run('check("15.3");')
    assert (
        "15.3 Leases · WRONG" in shown and "there is no Leases.recover" in shown and "recover(self)" in shown
    )


def test_after_a_cell_that_is_no_python_the_answer_before_it_is_judged(learner):
    learner.run(RIGHT)
    assert "SyntaxError: expected ':'" in learner.run(RIGHT.replace("timeout=1):", "timeout=1)"))
    assert "15.1 take · PASS" in learner.run(CHECK)
    assert learner.run("take.__module__") == "'__main__'\n"


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ('check("15.9")', "no exercise 15.9; lab 15 has 15.1, 15.2, 15.3"),
        ('check("99.1")', f"no exercise 99.1; the labs are {', '.join(exercises.labs())}."),
        ("check(15)", "no exercise 15; lab 15 has"),
        ("check(None)", "no exercise None; the labs are"),
        ('check("take")', "no exercise take; the labs are"),
        ('exercise("15.9")(print)', "no exercise 15.9"),
        (
            "@exercise\ndef take(r, worker, timeout=1):\n    return r.rpop('jobs')",
            'write `@exercise("15.1")`',
        ),
        ('judge("99.1", print)', "no exercise 99.1"),
        ('hint("15.1", 9)', "exercise 15.1 has 3 hints: hint('15.1', 1) to hint('15.1', 3)"),
        ('hint("15.1", "two")', "has 3 hints"),
        ('reveal("15.9")', "no exercise 15.9"),
        ('open_lab("99")', f"no lab 99; the labs are {', '.join(exercises.labs())}."),
    ],
)
def test_what_does_not_exist_is_answered_in_a_sentence_with_what_does(learner, cell, says):
    assert says in sentence(learner.run(cell))


def test_a_number_may_be_a_number(learner):
    learner.run(RIGHT.replace('"15.1"', "15.1"))
    assert "15.1 take · PASS" in learner.run("take = check(15.1)")
    assert learner.run("open_lab(15) is lab") == "True\n"


# --- cells that are not there -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "pattern"),
    [("15", r"^@exercise\("), ("15", r"\bcheck\("), ("34", r"\bcheck\(")],
    ids=["15-exercise-cells", "15-check-cells", "34-check-cells"],
)
def test_a_lab_runs_to_its_end_without_its(number, pattern, shared_brokers, tmp_path):
    (lab,) = (paths.ROOT / "labs").glob(f"{number}-*.ipynb")
    notebook = nbformat.read(lab, as_version=4)
    left = [
        cell
        for cell in notebook.cells
        if cell.cell_type != "code" or not re.search(pattern, cell.source, re.MULTILINE)
    ]
    assert len(notebook.cells) - len(left) == 3
    notebook.cells = left
    executing.execute(notebook, tmp_path, strict=False, where=lab.name)
    shown = "".join(output.get("text", "") for cell in left for output in cell.get("outputs", []))
    assert "PASS" not in shown
    if "exercise" in pattern:
        assert (
            shown.count("NOT ATTEMPTED") == 3
            and "no answer is registered: run the cell with the blank first" in shown
        )


# --- kernels ------------------------------------------------------------------------------------------------


def signalling(folder):
    """A cell whose answer leaves its process's number in `folder` and then does not come back."""
    return answer(
        "import os, pathlib, time",
        f"pathlib.Path({str(folder)!r}, str(os.getpid())).touch()",
        "while True:",
        "    time.sleep(1)",
    )


def in_the_middle_of_a_check(of, folder):
    """Start a check whose answer does not come back; (the sent cell, its worker) once the answer runs."""
    folder.mkdir()
    of.run(signalling(folder))
    sent = of.start(CHECK)
    (file,) = until(lambda: list(folder.iterdir()))
    return sent, psutil.Process(int(file.name))


def gone(processes):
    """Wait until none of these processes is there any more."""
    until(lambda: not [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE])


def test_a_kernel_interrupted_in_the_middle_of_a_check(learner, shared_brokers, tmp_path):
    for turn in ("once", "again"):
        sent, worker = in_the_middle_of_a_check(learner, tmp_path / turn)
        learner.manager.interrupt_kernel()
        assert "interrupted, so 15.1 was not judged: run the cell again" in sentence(learner.end_of(sent))
        gone([worker])
        shared_brokers.require("redis", "rabbitmq", "kafka")
    learner.run(RIGHT)
    assert "15.1 take · PASS" in learner.run(CHECK)
    assert learner.run("r.ping()") == "True\n"


def test_a_kernel_killed_in_the_middle_of_a_check_leaves_nothing_behind(second, tmp_path):
    with kernel(second.root) as dead:  # where nobody else takes a corner meanwhile
        number = int(dead.run("r.set('left', 'behind'), lab.lease.number").strip("()\n").split(", ")[1])
        _, worker = in_the_middle_of_a_check(dead, tmp_path / "killed")
        family = dead.family()
        assert worker in family
        os.kill(dead.pid, signal.SIGKILL)
        gone(family)
    with kernel(second.root) as fresh:
        fresh.run(RIGHT)
        assert "15.1 take · PASS" in fresh.run(CHECK)
        # Its corner is free, and whoever gets it finds it empty.
        assert fresh.run("lab.lease.number, r.keys()") == f"({number}, [])\n"


def test_two_kernels_on_one_lab_do_not_disturb_one_another(shared_brokers):
    with kernel() as one, kernel() as other:
        both = (one, other)
        for number, which in enumerate(both):
            which.run(
                f"lab.again(); r.lpush('jobs', 'order {number}'); lab.world.charge('order {number}', 100);"
                + RIGHT
            )
        sent = [which.start(CHECK) for which in both]  # at the same time
        for which, cell in zip(both, sent):
            assert "15.1 take · PASS" in which.end_of(cell)
        other.run('lab = open_lab("15")')  # from the top again, while the first one goes on
        assert one.run("r.lrange('jobs', 0, -1), lab.world.charges()") == "([b'order 0'], ['order 0'])\n"
        assert other.run("lab.redis.keys(), lab.world.charges()") == "([], [])\n"


# --- brokers ------------------------------------------------------------------------------------------------


STANDARD = (6379, 5672, 15672, 25672, 1883, 61613, 4369, 9092, 9093, 8161, 8888)
"""Where Redis, RabbitMQ, its plugins, Erlang's name server, Kafka, ActiveMQ and Jupyter listen elsewhere."""


@pytest.fixture(scope="module")
def second(shared_brokers, tmp_path_factory):
    """A checkout under a path with a space and other letters, started while the standard ports are taken."""
    if not (paths.STATE / "kafka" / "jars").exists():
        pytest.skip("Kafka's jars are not here: the native backend was never used in this checkout")
    checkout = Checkout(tmp_path_factory.mktemp("eigen") / "wörk böok ✓").with_kafka()
    try:
        with contextlib.ExitStack() as taken:
            for port in STANDARD:
                with contextlib.suppress(OSError):  # somebody's own broker stands there: as good
                    taken.enter_context(socket.create_server(("127.0.0.1", port)))
            up = checkout.run("up", "--backend", "native")
            assert up.returncode == 0, up.stderr
            assert not set(STANDARD) & {int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", up.stdout)}
        yield checkout
    finally:
        checkout.run("down", "--wipe")


def test_a_lab_runs_under_a_path_with_a_space_and_other_letters(second):
    done = second.run("run", "15")
    assert done.returncode == 0, done.stderr
    assert "ran to its end: " in done.stdout and "3 NOT ATTEMPTED" in done.stdout


def kill_redis(checkout):
    """SIGKILL, by its number, and wait until it is gone."""
    code = "from workbook import brokers; print(brokers.instance('redis').process.pid)"
    server = psutil.Process(int(checkout.python(code)))
    assert "redis-server" in server.name()
    server.kill()
    gone([server])


def test_a_broker_killed_while_a_notebook_runs(second, tmp_path):
    with kernel(second.root) as one:
        one.run(RIGHT)
        assert "15.1 take · PASS" in one.run(CHECK)
        kill_redis(second)
        for cell in (CHECK, CHECK):
            shown = one.run(cell)
            assert "15.1 take · BROKER DOWN" in shown
            assert "Redis cannot be reached: run `python3 -m workbook up` in a terminal" in shown
            assert "Traceback" not in shown
        assert "Redis cannot be reached" in sentence(one.run('open_lab("15")'))
        # The command says it in a sentence too, and brings it back; the same kernel goes on.
        assert second.run("up").returncode == 0
        assert one.run("r.ping()") == "True\n"
        assert "15.1 take · PASS" in one.run(CHECK.replace("take = ", "")), (
            "the learner's own answer was lost"
        )

        # Killed in the middle of a check.
        folder = tmp_path / "middle"
        folder.mkdir()
        one.run(signalling(folder).replace("time.sleep(1)", "r.blpop('nothing', 1)"))
        sent = one.start(CHECK)
        until(lambda: list(folder.iterdir()))
        kill_redis(second)
        assert "15.1 take · BROKER DOWN" in one.end_of(sent)
        assert second.run("up").returncode == 0
        one.run(RIGHT)
        assert "15.1 take · PASS" in one.run(CHECK)


def test_a_disk_that_is_full_while_a_notebook_runs(second):
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("only root can mount a small disk")
    corners = second.state / "corners"
    with kernel(second.root) as one:
        one.run(RIGHT)
        assert "15.1 take · PASS" in one.run(CHECK)
    corners.mkdir(exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(corners)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"this system lets nobody mount a small disk: {mounted.stderr.strip()}")
    try:
        with kernel(second.root) as one:
            one.run(RIGHT)
            with open(corners / "filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
                while True:
                    filler.write(bytes(4096))
            shown = one.run(CHECK)
            assert (
                "no space is left on the disk: free some, then run this cell again" in shown
                and "Traceback" not in shown
            )
            (corners / "filler").unlink()
            assert "15.1 take · PASS" in one.run(CHECK.replace("take = ", ""))
    finally:
        subprocess.run(["umount", "-l", str(corners)], check=True)
