"""Workers: real operating-system processes that run a learner's function and can be killed exactly.

Functions and classes from notebook cells are shipped by value (cloudpickle) to a fork server that has the client
libraries loaded already, so a worker starts in a few milliseconds. File names and source lines travel along: a
traceback names the learner's own line. Every worker has a pipe and a history file of its own, so that a frozen or
killed one never holds a lock that another waits for. Workers ignore the kernel's interrupt and die with it.
"""

import contextlib
import ctypes
import functools
import inspect
import io
import linecache
import multiprocessing
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import os
import resource
import signal
import sys
import threading
import time
import traceback
import types
from dataclasses import dataclass, field
from pathlib import Path

import cloudpickle
import psutil

from workbook import faults as faulty
from workbook.faults import Fault
from workbook.history import History, Recorder, file_name
from workbook.trouble import Trouble


def _context():
    """The fork server's context; `spawn` where there is no fork."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["workbook.forkserver"])
    return context


_CONTEXT = _context()

LARGEST_FILE = 16 * 1024 * 1024
"""Bytes that a worker can write into one file."""


class _Shipper(cloudpickle.Pickler):
    """cloudpickle, but code keeps its file name, and the lines of that file are collected to be sent along."""

    def __init__(self, file):
        super().__init__(file)
        self.sources = {}

    def reducer_override(self, obj):
        if not isinstance(obj, types.CodeType):
            return super().reducer_override(obj)
        code = obj
        make, arguments = cloudpickle.cloudpickle._code_reduce(code)
        arguments = tuple(code.co_filename if a == "<dynamic-code>" else a for a in arguments)
        if code.co_filename not in self.sources:
            self.sources[code.co_filename] = linecache.getlines(code.co_filename)
        return make, arguments


def ship(function, arguments):
    """Function and arguments as bytes, and the source lines of the code in them: (bytes, {file name: lines}).

    Raises Trouble, in a sentence, for what can't leave the notebook: a client or connection used as a global.
    """
    buffer = io.BytesIO()
    shipper = _Shipper(buffer)
    try:
        shipper.dump((function, arguments))
    except Exception as error:
        # Whatever refuses to be pickled (a lock, a socket) belongs to an object that lives in the notebook.
        name, what = _culprit((function, *arguments)) or (getattr(function, "__name__", "this function"), "something")
        raise Trouble(
            f"{name} uses {what} from the notebook, which cannot go to another process ({error}); a worker has no "
            f"access to the notebook's variables: take the client or connection as an argument, or open it inside "
            f"the function."
        ) from None
    return buffer.getvalue(), shipper.sources


def _culprit(sent):
    """Which function among those `sent` to a worker uses what can't go there: (its name, the variable's name) or None."""
    for one in sent:
        for function in vars(one).values() if inspect.isclass(one) else (one,):
            if not inspect.isfunction(function):
                continue
            uses = inspect.getclosurevars(function)
            for name, value in {**uses.globals, **uses.nonlocals}.items():
                try:
                    cloudpickle.dumps(value)
                except Exception:
                    return one.__name__, name
    return None


class Unshipped:
    """Stands for a value that could not leave the worker that returned it: a connection, a generator, a coroutine."""

    def __init__(self, value):
        self.told = f"<{type(value).__name__}>"

    def __repr__(self):
        return self.told


@dataclass
class LearnerError:
    """An exception in a worker, told by the code that raised it: function and line in it, never a path."""

    kind: str
    message: str
    where: str | None = None
    line: str | None = None
    given: str | None = None
    trace: str = ""

    @property
    def lines(self):
        told = [f"{self.kind}: {self.message}" if self.message else self.kind]
        if self.where:
            told.append(f"at {self.where}" + (f": {self.line}" if self.line else ""))
        if self.given:
            told.append(f"given: {self.given}")
        return told


@dataclass
class Outcome:
    """How a worker ended: "returned", "raised", "killed" (a signal), "overran" (its deadline)."""

    kind: str
    value: object = None
    error: LearnerError | None = None
    faults: list = field(default_factory=list)
    printed: str = ""

    @property
    def fault(self):
        """The first fault that happened, in words: "killed after its 2nd BLMOVE"."""
        return self.faults[0]["note"]


def _learner_error(error, sources):
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in sources]
    try:
        message = str(error).split("\n")[0][:200]
    except Exception:
        message = ""  # a learner's own exception may fail to say what it is
    kind = type(error).__name__
    if kind == "error":
        kind = f"{type(error).__module__}.error"  # as struct's and zlib's are called: the bare name says nothing
    told = LearnerError(kind, message, given=faulty.last_given(), trace=traceback.format_exc())
    if isinstance(error, SyntaxError):
        told.message = error.msg
    for (frame, _), summary in zip(traceback.walk_tb(error.__traceback__), traceback.extract_tb(error.__traceback__)):
        if summary in frames:
            told.where = f"{summary.name}, line {summary.lineno - frame.f_code.co_firstlineno + 1}"
            told.line = (summary.line or "").strip() or None
    return told


def _die_with_parent(pipe):
    """End this process when the notebook's process is gone: its end of the pipe closes."""
    if sys.platform == "linux":
        # Also when this process is frozen, in which case no thread of it runs: ask the system for SIGKILL when the fork
        # server ends. That one ends with the notebook's process, when the last copy of a pipe's end is closed; every
        # worker is born with a copy, and a frozen one would keep the fork server, and so itself, alive for ever.
        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL)
        server = multiprocessing.forkserver._forkserver
        if server._forkserver_alive_fd is not None:
            os.close(server._forkserver_alive_fd)
            server._forkserver_alive_fd = None
    released = threading.Event()

    def watch():
        while True:
            try:
                pipe.recv_bytes()
            except (EOFError, OSError):
                os._exit(1)
            released.set()

    threading.Thread(target=watch, daemon=True, name="parent").start()
    return released


def _main(pipe, payload, sources, name, folder, wanted, printed):
    """What runs in the worker's process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    with contextlib.suppress(OSError):
        os.setsid()
    released = _die_with_parent(pipe)
    # An endless loop that prints must not fill the disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    try:
        output = open(printed, "w", buffering=1, encoding="utf-8")
        recorder = Recorder(folder, name)
    except OSError:
        os._exit(1)  # the corner was closed before this process got here
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    sys.stdout = sys.stderr = output
    for filename, lines in sources.items():
        linecache.cache[filename] = (sum(map(len, lines)), None, lines, filename)

    def hold(point):
        released.clear()
        pipe.send_bytes(cloudpickle.dumps(("held", point)))
        released.wait()

    faulty.arm(wanted, recorder, hold)
    recorder.record("worker", "start")
    try:
        function, arguments = cloudpickle.loads(payload)
        result = ("returned", function(*arguments))
        try:
            message = cloudpickle.dumps(result)
        except Exception:
            message = cloudpickle.dumps(("returned", Unshipped(result[1])))
    except BaseException as error:
        result = ("raised", _learner_error(error, sources))
        message = cloudpickle.dumps(result)
    recorder.record("worker", "end", note=result[0])
    with contextlib.suppress(OSError):
        output.flush()
    with contextlib.suppress(OSError):
        pipe.send_bytes(message)
    # Threads and clients that the function left behind must not keep the process alive.
    os._exit(0)


class Worker:
    """One process that runs `function(*arguments)`. Made by a lab's or a trial's `worker(...)`."""

    def __init__(self, function, arguments, name, folder, faults=()):
        self.name = name
        self.faults = [Fault.parse(fault) for fault in faults]
        payload, sources = ship(function, tuple(arguments))
        self._folder = Path(folder)
        self._printed = self._folder / f"{file_name(name)}-{time.monotonic_ns()}.out"
        self._pipe, theirs = _CONTEXT.Pipe()
        self._outcome = None
        self._held = None
        _let_the_kernel_end()
        with _quiet_main(), _without_interrupts():
            self._process = _CONTEXT.Process(
                target=_main,
                args=(theirs, payload, sources, name, str(folder), self.faults, str(self._printed)),
                name=name,
                daemon=True,
            )
            self._process.start()
        self.pid = self._process.pid
        theirs.close()

    @property
    def alive(self):
        return self._outcome is None and self._runs()

    def _advance(self, deadline):
        """Take in the next thing the worker says or its end; False when nothing came before the deadline."""
        if not self._pipe.poll(max(0.0, deadline - time.monotonic())):
            return False
        try:
            kind, value = cloudpickle.loads(self._pipe.recv_bytes())
        except (EOFError, OSError):
            self._process.join(5)
            self._outcome = self._ended("killed")
            return True
        if kind == "held":
            self._held = value
        else:
            self._end()
            self._outcome = self._ended(kind)
            setattr(self._outcome, "error" if kind == "raised" else "value", value)
        return True

    def finish(self, within=5.0, since=None):
        """Wait until the worker has ended, at most `within` seconds, and return its Outcome.

        A worker that is still running then is killed; its outcome is "overran".
        since: says from when on (by time.monotonic) `within` counts; asked when the time is over, for a worker that got on.
        """
        deadline = time.monotonic() + within
        while self._outcome is None:
            if not self._advance(deadline):
                if since and (later := since() + within) > time.monotonic():
                    deadline = later
                    continue
                self._end()
                self._outcome = self._ended("overran")
        return self._outcome

    def _ended(self, kind):
        text = self._printed.read_text("utf-8", "replace") if self._printed.exists() else ""
        return Outcome(kind, faults=History(self._folder).faults(self.name), printed=text)

    def wait_held(self, within=5.0):
        """Wait until the worker stands at its `hold` fault. Returns the point; None when it ended or never came."""
        deadline = time.monotonic() + within
        while self._held is None and self._outcome is None and self._advance(deadline):
            pass
        return self._held

    def release(self):
        """Let a held worker go on; one that is gone meanwhile is told by `finish`."""
        self._held = None
        with contextlib.suppress(OSError):
            self._pipe.send_bytes(b"go")

    def kill(self):
        """SIGKILL, and wait until the process is gone."""
        self._end()

    def terminate(self):
        """SIGTERM: what a deployment sends first."""
        self._signal(signal.SIGTERM)

    def pause(self, within=5.0):
        """SIGSTOP, and wait until the process is frozen. False when it had ended before."""
        self._signal(signal.SIGSTOP)
        return self.wait_paused(within)

    def wait_paused(self, within=5.0):
        """Wait until the process is frozen, by `pause` or by a fault. True if it is."""
        deadline = time.monotonic() + within
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            while time.monotonic() < deadline:
                status = process.status()
                if status == psutil.STATUS_STOPPED:
                    return True
                if status == psutil.STATUS_ZOMBIE or not self._runs():
                    return False
                time.sleep(0.002)
        return False

    def resume(self):
        """SIGCONT: the frozen process goes on as if nothing had happened."""
        self._signal(signal.SIGCONT)

    def _runs(self):
        return not self._pipe.closed and self._process.is_alive()

    def _signal(self, number):
        # Its number may belong to somebody else once it has ended: a process that is gone gets no signal.
        if self._runs():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _end(self):
        if self._pipe.closed:
            return
        if self._process.is_alive():
            self._process.kill()
        self._process.join(5)

    def close(self):
        """End the process, if it still runs, and free what belongs to it here. A second time it does nothing."""
        if self._pipe.closed:
            return
        self._end()
        if self._outcome is None:
            self._outcome = self._ended("killed")
        self._pipe.close()
        with contextlib.suppress(ValueError):  # it could not be ended: the system still holds on to it
            self._process.close()


@contextlib.contextmanager
def _quiet_main():
    """Keep multiprocessing from importing the main program again in the worker: a notebook has none to import,
    pytest's and the command line's must not run twice, and what is needed travels in the payload."""
    main = sys.modules["__main__"]
    missing = object()
    kept = {name: main.__dict__.get(name, missing) for name in ("__file__", "__spec__")}
    main.__dict__.pop("__file__", None)
    main.__spec__ = None
    try:
        yield
    finally:
        main.__dict__.update({name: value for name, value in kept.items() if value is not missing})


@functools.cache
def _let_the_kernel_end():
    """In a notebook: when its kernel is shut down, multiprocessing's two helpers end first.

    Before anything that is registered with atexit runs, ipykernel waits for the children in its process group, and these
    two take no SIGTERM. Whoever shuts a kernel down kills it after a few seconds: the brokers would keep what it left there.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None and shell.has_trait("exit_now"):
        shell.observe(lambda change: change.new and _end_helpers(), "exit_now")


def _end_helpers():
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if any("multiprocessing" in word for word in child.cmdline()):
                child.kill()
                child.wait(1)


@contextlib.contextmanager
def _without_interrupts():
    """Put an interrupt of the kernel off until the block has ended: a process that is half born would complain.

    The interrupt is sent to the kernel's whole process group. The fork server and workers that are just being born do not
    get it, because they inherit which signals are blocked; this process notes it and is interrupted afterwards.
    """
    # It unblocks the signal when it starts, which the first worker would have it do below.
    multiprocessing.resource_tracker.ensure_running()
    noted = []
    ours = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda *event: noted.append(event)) if ours else None
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if ours:
            signal.signal(signal.SIGINT, signal.SIG_DFL if handler is None else handler)
            if noted and callable(handler):
                handler(*noted[0])
