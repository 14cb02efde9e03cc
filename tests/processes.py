"""Processes that tests start, interrupt and kill: a small program in this checkout, and waiting for what it does."""

import os
import subprocess
import sys
import time

import psutil

from workbook import paths


HEARS_INTERRUPTS = "import signal as _signal; _signal.signal(_signal.SIGINT, _signal.default_int_handler)\n"
"""A shell without job control has whatever it starts in the background ignore SIGINT, the tests and their children too."""


class Program:
    """A Python program in a process and a session of its own, which talks in lines.

    with Program(code) as program:
        pid = int(program.line())
    """

    def __init__(self, code, *arguments):
        environment = {**os.environ, "WORKBOOK_PROGRESS": "off"}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(paths.ROOT), os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", HEARS_INTERRUPTS + code, *map(str, arguments)], cwd=paths.ROOT, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def line(self):
        """The next line it prints; fails with what it wrote to stderr when there is none."""
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        return line.rstrip("\n")

    def say(self, line):
        """Give it a line to read."""
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def end(self, timeout=60):
        """Wait for its end; (exit status, the rest of its output, its stderr)."""
        said, complained = self.process.communicate(timeout=timeout)
        return self.process.returncode, said, complained


def running(pid):
    """Whether a process with this number runs; one that only waits to be reaped does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def until(condition, within=30.0):
    """Whether `condition` came true within so many seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)  # between two looks; the loop ends on what it sees
    return True
