"""The pytest plugin: nbval, without what nbval lets pass.

`python -m pytest --nbval labs solutions tests` runs every lab and every solution in a fresh kernel and
compares each cell's output with the stored one; labs, which ship without outputs, with their golden
transcript. nbval alone is green for notebooks that are broken; here each of these is red:

- a cell that was never executed, whose output nbval would not compare;
- a cell tagged `raises-exception` that raises nothing, or whose stored output holds no error;
- a cell that runs too long, or whose kernel dies: nbval turns what follows into XFAIL and XPASS, or waits for
  the whole time-out; here the rest is skipped after one failure;
- output printed by another thread or a child process, which lands in whatever cell runs next, or in none;
- `clear_output` and `update_display`, which nbval ignores;
- outputs of other kinds, or in another order, which nbval compares by name only;
- stderr of a cell whose output is not compared;
- a `NBVAL_…` comment, the lax mode, sanitising rules, which all make something pass.

`WORKBOOK_QUICK=1` takes one lab of each part. Every notebook runs twice on the same brokers, the second time
after all the others and in reverse order, unless `WORKBOOK_TWICE=0` or the run is a quick one.
"""

import collections
import json
import os
import tempfile
import time

import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

from workbook import paths
from workbook.brokers import state
from workbook.builder import executing, golden, notebooks
from workbook.trouble import Trouble

ITEM_SECONDS = 300
"""pytest-timeout's limit for any test that names no other: the last resort, so that a hang ends a run."""

AGAIN = " (again)"

# Runs in the kernel before the first cell. What another thread prints is shown as ever, and remembered.
_WATCH_THREADS = """
import sys, threading
sys._workbook_printed = []
def watched(original):
    def write(text):
        thread = threading.current_thread()
        if thread is not threading.main_thread():
            sys._workbook_printed.append(f"{thread.name}: {text!r}")
        return original(text)
    return write
sys.stdout.write = watched(sys.stdout.write)
sys.stderr.write = watched(sys.stderr.write)
"""
_PRINTED_BY_THREADS = "__import__('sys')._workbook_printed"


class KernelDied(Exception):
    """The kernel's process ended while a cell ran."""


class Kernel(RunningKernel):
    """nbval's kernel in our environment: its death is noticed at once, stray output is remembered."""

    def __init__(self, folder, strict):
        from jupyter_client.manager import KernelManager

        self.stderr = tempfile.TemporaryFile()
        self.problems = []
        self.reply = None
        self.current = None
        self.km = executing.manager(KernelManager)(kernel_name="python3")
        self.km.start_kernel(cwd=str(folder), env=executing.environment(strict), stderr=self.stderr)
        self.kc = self.km.client()
        self.kc.start_channels()
        try:
            self.kc.wait_for_ready(timeout=60)
            self._ensure_iopub_up()
            # As an expression: IPython puts the streams' own `write` back after a cell, but not after an
            # expression.
            watch = {"watch": f"exec({_WATCH_THREADS!r}, {{}})"}
            self.await_idle(self.kc.execute("", silent=True, user_expressions=watch), timeout=30)
        except BaseException:
            self.stop()
            raise

    def execute_cell_input(self, cell_input, allow_stdin=None):
        """Send a cell as JupyterLab does, with history, and ask what other threads have printed since."""
        self.problems = []
        self.reply = None
        self.current = self.kc.execute(
            cell_input,
            allow_stdin=allow_stdin,
            stop_on_error=False,
            user_expressions={"printed": _PRINTED_BY_THREADS},
        )
        return self.current

    def get_message(self, stream, timeout=None):
        """The next message, as in nbval, but a dead kernel is noticed within half a second."""
        from queue import Empty

        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = 0.5 if deadline is None else max(0.0, min(0.5, deadline - time.monotonic()))
            try:
                message = super().get_message(stream, timeout=left)
            except Empty:
                if not self.is_alive():
                    self.stderr.seek(0)
                    end = self.stderr.read().decode(errors="replace").strip().splitlines()[-5:]
                    raise KernelDied("the kernel died" + "".join(f"\n  {line}" for line in end)) from None
                if deadline is not None and time.monotonic() >= deadline:
                    raise
            else:
                self._note(stream, message)
                return message

    def _note(self, stream, message):
        kind, parent = message["msg_type"], message["parent_header"].get("msg_id")
        if stream == "shell":
            if parent == self.current and "user_expressions" in message["content"]:
                self.reply = message["content"]
            return
        if kind in ("clear_output", "update_display_data") and parent == self.current:
            self.problems.append(f"uses {kind}, which is not compared: no live displays, show the end result")
        elif (
            kind in ("stream", "display_data", "execute_result", "error")
            and parent != self.current
            and self.current
        ):
            self.problems.append(f"while it ran, output of an earlier cell arrived: {message['content']}")

    def found(self):
        """What was wrong with the cell that just ran, beyond its output."""
        problems = list(self.problems)
        answer = (self.reply or {}).get("user_expressions", {}).get("printed")
        # After an exception ipykernel evaluates no expressions; the next cell's reply has them.
        if answer and answer.get("status") != "ok":
            problems.append("it replaced the kernel's sys.stdout")
        elif answer and answer["data"]["text/plain"] != "[]":
            problems.append(
                "a thread or a child process printed, which lands in whatever cell runs next: collect or "
                f"capture it, then print it: {answer['data']['text/plain']}"
            )
        return problems

    def stop(self):
        """End the kernel's process and close what belongs to it."""
        if hasattr(self, "km"):
            super().stop()
        self.stderr.close()


class Skipped(tuple):
    """nbval's keys that are not compared, and every kind of picture and application data."""

    def __contains__(self, key):
        return super().__contains__(key) or key.startswith(("image/", "application/"))


class Notebook(IPyNbFile):
    """A lab or a solution: one test for each code cell, in one kernel."""

    again = False

    def collect(self):
        """The code cells with what they must say; a notebook that can't be compared fails as one test."""
        self.skip_compare = Skipped(self.skip_compare)
        self.broken = None
        self.strict = self.path.parent.name == "solutions"
        self.nb = notebooks.read(self.path)
        try:
            if not self.strict:
                self._overlay()
        except Trouble as trouble:
            yield Refused.from_parent(self, name="transcript", trouble=trouble)
            return
        for number, cell in enumerate(cell for cell in self.nb.cells if cell.cell_type == "code"):
            tags = notebooks.tags(cell)
            options = {
                "check": "measured" not in tags,
                "check_exception": "raises-exception" in tags,
                "skip": False,
            }
            name = cell.get("id") or f"cell {number}"
            yield Cell.from_parent(self, name=name, cell_num=number, cell=cell, options=options)

    def _overlay(self):
        path = self.path.parent.parent / "tests" / "golden" / f"{self.path.stem}.txt"
        where = f"tests/golden/{path.name}"
        if not path.exists():
            raise Trouble(f"{where} is missing: python3 -m workbook build {self.path.stem[:2]}")
        golden.overlay(self.nb, golden.parse(path.read_text(encoding="utf-8"), where), where)

    def setup(self):
        """Start the kernel."""
        self.kernel = Kernel(self.path.parent, self.strict)

    def teardown(self):
        """End the kernel."""
        if self.kernel is not None:
            self.kernel.stop()
            self.kernel = None


class Refused(pytest.Item):
    """A notebook that can't even be compared."""

    def __init__(self, *, trouble, **kwargs):
        super().__init__(**kwargs)
        self.trouble = trouble

    def runtest(self):
        """Fail with the reason."""
        raise self.trouble

    def repr_failure(self, excinfo):
        """The one sentence."""
        return str(excinfo.value)


class Cell(IPyNbCell):
    """One code cell."""

    def setup(self):
        """Skip what follows a cell that did not run to its end: its failure is the one to read."""
        if self.parent.broken:
            pytest.skip(f"not run: {self.parent.broken} failed before")

    def runtest(self):
        """Run and compare as nbval does, then fail for what it lets pass."""
        for complaint in self._before():
            self.parent.broken = self.name
            self.raise_cell_error(complaint)
        try:
            super().runtest()
        except NbCellError as error:
            if str(error) != "Cell outputs differ":
                self.parent.broken = self.name
            raise
        except BaseException:
            self.parent.broken = self.name
            raise
        problems = [*self.parent.kernel.found(), *self._after()]
        if problems:
            self.raise_cell_error("; ".join(problems))

    def _before(self):
        if self.cell.execution_count is None:
            yield "It was never executed, so nothing would be compared: python3 -m workbook build"
        if self.options["check_exception"] and not any(
            out.output_type == "error" for out in self.cell.outputs
        ):
            yield "It is tagged raises-exception, but its stored output holds no error"
        if "NBVAL_" in self.cell.source:
            yield "An NBVAL_ comment makes something pass: take it out and use the tags"

    def _after(self):
        if self.options["check_exception"] and not any(
            out.output_type == "error" for out in self.test_outputs
        ):
            yield "it is tagged raises-exception and raised nothing"
        if not self.options["check"] and any(out.get("name") == "stderr" for out in self.test_outputs):
            yield "it wrote to stderr: " + "".join(
                out.text for out in self.test_outputs if out.get("name") == "stderr"
            )
        now, before = notebooks.kinds(self.test_outputs), notebooks.kinds(self.cell.outputs)
        if now != before:
            yield f"its outputs are of other kinds or in another order: stored {before}, now {now}"

    def sanitize(self, text):
        """Leave the bytes of pictures out of the comparison, nothing else: alt texts are compared."""
        return notebooks.stable(text) if isinstance(text, str) else text

    def repr_failure(self, excinfo):
        """One failure to read: the cell, what happened, and its source."""
        if isinstance(excinfo.value, NbCellError):
            return super().repr_failure(excinfo)
        return f"Cell {self.name}: {excinfo.value}\n\n{self.cell.source}"

    def reportinfo(self):
        """How pytest names the test."""
        return self.path, 0, self.name


STARTED = pytest.StashKey()


def pytest_configure(config):
    """Refuse what would make comparisons milder; set both time-outs."""
    config.stash[STARTED] = time.monotonic()
    option = config.option
    if option.nbval_lax or option.nbval_sanitize_with or option.sanitize_with:
        raise pytest.UsageError(
            "Notebooks are compared strictly: leave out --nbval-lax and sanitising rules."
        )
    option.nbval_cell_timeout = min(option.nbval_cell_timeout, executing.CELL_SECONDS)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    """Put our notebooks in the place of nbval's, for labs/ and solutions/."""
    collected = yield
    ours = []
    for node in collected:
        if not isinstance(node, IPyNbFile) or file_path.parent.name not in ("labs", "solutions"):
            ours.append(node)
        elif wanted(file_path):
            ours.append(Notebook.from_parent(parent, path=file_path))
            if twice():
                again = Notebook.from_parent(parent, path=file_path, nodeid=ours[-1].nodeid + AGAIN)
                again.again = True
                ours.append(again)
    return ours


def quick():
    """Whether this is a quick run: `WORKBOOK_QUICK=1`."""
    return os.environ.get("WORKBOOK_QUICK") == "1"


def twice():
    """Whether every notebook runs a second time."""
    return os.environ.get("WORKBOOK_TWICE", "0" if quick() else "1") == "1"


def wanted(path):
    """Whether this run takes the notebook: a quick one takes the first lab of each part, and its solution."""
    if not quick():
        return True
    first = min(other.stem for other in path.parent.glob(f"{path.stem[:1]}*.ipynb"))
    return path.stem == first


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Notebooks are run whole; second runs go last, notebooks in reverse order; every test has a time limit."""
    every = _cells(items)
    yield  # `-k` and `-m` choose
    # `-k 15` finds the cell 34-015 too, which means nothing without those before it.
    half = {name for name, count in _cells(items).items() if count < every[name]}
    left_out = [item for item in items if isinstance(item.parent, Notebook) and item.parent.nodeid in half]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    second = {}
    for item in items:
        if isinstance(item.parent, Notebook) and item.parent.again:
            second.setdefault(item.parent.nodeid, []).append(item)
    if second:
        items[:] = [item for item in items if not (isinstance(item.parent, Notebook) and item.parent.again)]
        for cells in reversed(second.values()):
            items.extend(cells)
    for item in items:
        if not any(item.iter_markers("timeout")):
            item.add_marker(pytest.mark.timeout(ITEM_SECONDS))


def _cells(items):
    """How many cells of each notebook are among the tests: {its id: count}."""
    return collections.Counter(item.parent.nodeid for item in items if isinstance(item.parent, Notebook))


def pytest_terminal_summary(terminalreporter, config):
    """Say how long each notebook took."""
    seconds = _notebook_seconds(terminalreporter)
    if seconds:
        terminalreporter.section("notebooks")
        for name, taken in seconds.items():
            terminalreporter.line(f"{taken:6.1f} s  {name}")
        terminalreporter.line(
            f"{sum(seconds.values()) / len(seconds):6.1f} s  on average; budget 20 s, at most 45 s"
        )
    _note_seconds(config, terminalreporter, seconds)


def _notebook_seconds(terminalreporter):
    """How long each notebook took, its kernel's start and end included: {its id: seconds}."""
    seconds = {}
    for report in [one for reports in terminalreporter.stats.values() for one in reports]:
        name = report.nodeid.split("::")[0] if hasattr(report, "duration") else ""
        if name.removesuffix(AGAIN).endswith(".ipynb"):
            seconds[name] = seconds.get(name, 0) + report.duration
    return seconds


def _note_seconds(config, terminalreporter, notebooks):
    """Write down how long a run of the whole suite took, for `python3 -m workbook bench`."""
    part = config.args_source is config.ArgsSource.ARGS or config.option.keyword or config.option.markexpr
    counts = {kind: len(reports) for kind, reports in terminalreporter.stats.items() if kind}
    if part or config.option.collectonly or counts.get("failed") or counts.get("error"):
        return
    file = paths.STATE / "timings.json"
    try:
        kept = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        kept = {}
    kept["test --quick" if quick() else "test"] = {
        "seconds": round(time.monotonic() - config.stash[STARTED], 1),
        "tests": counts.get("passed", 0),
        "when": time.strftime("%Y-%m-%d %H:%M"),
        "notebooks": {name: round(taken, 1) for name, taken in notebooks.items()},
    }
    state.save(file, kept)
