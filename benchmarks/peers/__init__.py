"""The learner's queue beside the job frameworks that a user would pick, on the same Redis in the same run.

No-op jobs per second with one worker process and with two, the rate of enqueueing, and the time from an enqueue to the
start of its job. Each framework with its own defaults, told to do every job at least once where it can; the guarantee
stands in each row. A round measures all of them, each time beginning with another one; a row compares what belongs to
the same round.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
import venv
from pathlib import Path

from benchmarks import Row
from workbook import paths
from workbook.lab import Corner
from workbook.trouble import Trouble

HERE = Path(__file__).parent
ENVIRONMENT = paths.STATE / "peers"

FRAMEWORKS = {
    "ours": ("the learner's queue", "at least once"),
    "rq": ("RQ", "at least once, with a retry after its lease; a fork for each job"),
    "celery": ("Celery", "at least once: acks_late and reject_on_worker_lost"),
    "dramatiq": ("Dramatiq", "at least once; eight threads"),
    "huey": ("Huey", "at most once"),
}


def python():
    """The frameworks' own Python, made when it is first needed or when the pins have changed. Raises Trouble."""
    wanted = (HERE / "requirements.txt").read_text("utf-8")
    done = ENVIRONMENT / "installed.txt"
    executable = ENVIRONMENT / "bin" / "python"
    if not (done.exists() and done.read_text("utf-8") == wanted):
        venv.create(ENVIRONMENT, clear=True, with_pip=True)
        install = [executable, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"]
        failed = subprocess.run(install, capture_output=True, text=True)
        if failed.returncode:
            raise Trouble(f"the frameworks could not be installed: {failed.stderr.strip().splitlines()[-1]}")
        done.write_text(wanted, "utf-8")
    return str(executable)


class Framework:
    """One of FRAMEWORKS on the Redis database at `url`."""

    def __init__(self, name, url):
        self.name = name
        self.python = sys.executable if name == "ours" else python()
        path = f"{paths.ROOT}{os.pathsep}{HERE}" if name == "ours" else str(HERE)
        self.environment = {**os.environ, "PEERS_REDIS": url, "PYTHONPATH": path}

    def _client(self, *words):
        command = [self.python, str(HERE / "client.py"), f"tasks_{self.name}", *map(str, words)]
        done = subprocess.run(command, env=self.environment, cwd=HERE, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise Trouble(f"{self.name}'s producer failed: {done.stderr.strip().splitlines()[-1]}")
        return json.loads(done.stdout)

    def fill(self, jobs):
        """Seconds to enqueue them."""
        return self._client("fill", jobs)["seconds"]

    def latency(self, jobs):
        return self._client("latency", jobs)["seconds"]

    @contextlib.contextmanager
    def workers(self, many):
        """So many worker processes, ended afterwards with all that they started."""
        command = self._client("worker")["command"]
        started = [
            subprocess.Popen([word.format(name=f"worker-{number}") for word in command], env=self.environment, cwd=HERE,
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             start_new_session=True)  # fmt: skip
            for number in range(many)
        ]
        try:
            yield
        finally:
            for process in started:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, 9)
                process.wait()


def drained(r, framework, jobs, many):
    """Enqueue, start workers, wait for the last job: (enqueued a second, done a second)."""
    r.flushdb()
    filled = framework.fill(jobs)
    with framework.workers(many):
        begun, ended = (_stamped(r, key) for key in ("begun", "ended"))
    if ended is None:
        raise Trouble(f"{framework.name} did not do its {jobs} jobs within two minutes")
    return jobs / filled, jobs / (ended - begun)


def _stamped(r, key, within=120):
    """The time that a job noted under `key`; None if none came."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if (found := r.blpop(key, 1)) is not None:  # shorter than the client's own time-out, whatever it is
            return float(found[1])
    return None


def measure(quick):
    rounds, jobs, single = (1, 300, 30) if quick else (5, 2000, 200)
    found = {}
    with Corner(("redis",)) as corner:
        at = corner.redis_at
        url = f"redis://{at['host']}:{at['port']}/{at['db']}"
        frameworks = [Framework(name, url) for name in FRAMEWORKS]
        for number in range(rounds):
            for framework in frameworks[number:] + frameworks[:number]:
                # RQ forks for each job: fewer say as much.
                many = jobs // 4 if framework.name == "rq" else jobs
                for workers in (1, 2):
                    enqueued, done = drained(corner.redis, framework, many, workers)
                    found.setdefault(("enqueued one by one", "jobs/s", framework.name), []).append(enqueued)
                    found.setdefault((f"no-op jobs, worker processes: {workers}", "jobs/s", framework.name), []).append(done)
                corner.redis.flushdb()
                with framework.workers(1):
                    seconds = framework.latency(single)
                milliseconds = statistics.median(seconds) * 1000
                found.setdefault(("from enqueue to start", "ms", framework.name), []).append(milliseconds)
    for what, unit in dict.fromkeys((what, unit) for what, unit, _ in found):
        for name, (title, guarantee) in FRAMEWORKS.items():
            if name != "ours":
                yield Row(what, unit, found[what, unit, "ours"], f"{title} ({guarantee})", found[what, unit, name])
