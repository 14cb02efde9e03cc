"""How long a worker takes from being asked for to the first line of its function, beside two bare ways to get a process."""

import multiprocessing
import subprocess
import sys
import tempfile
import time

from benchmarks import Row, pairs
from workbook import workers

_PRINT = "import time; print(time.monotonic())"


def now():
    """The machine's monotonic clock, which all its processes share."""
    return time.monotonic()


def _tell(pipe):
    pipe.send(time.monotonic())


def measure(quick):
    runs = 10 if quick else 60
    context = multiprocessing.get_context("forkserver")

    with tempfile.TemporaryDirectory() as folder:

        def worker():
            started = time.monotonic()
            one = workers.Worker(now, (), "worker 1", folder)
            try:
                return (one.finish(30).value - started) * 1000
            finally:
                one.close()

        def bare():
            started = time.monotonic()
            ours, theirs = context.Pipe()
            with workers._quiet_main():
                process = context.Process(target=_tell, args=(theirs,))
                process.start()
            told = ours.recv()
            process.join()
            for end in (ours, theirs, process):
                end.close()
            return (told - started) * 1000

        def python():
            started = time.monotonic()
            told = subprocess.run([sys.executable, "-c", _PRINT], capture_output=True, text=True, check=True).stdout
            return (float(told) - started) * 1000

        worker(), bare(), python()  # the fork server starts with the first one
        ours, theirs = pairs(worker, bare, runs)
        yield Row("start of a worker", "ms", ours, "a bare multiprocessing fork server's process", theirs, 20)
        ours, theirs = pairs(worker, python, runs)
        yield Row("start of a worker", "ms", ours, "a new Python, without any client library", theirs, 20)
