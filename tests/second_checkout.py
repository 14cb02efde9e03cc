"""A second checkout of the workbook beside this one, for tests that take brokers down, fill disks and hide
programs.

Its path has a space and letters that are not ASCII. It runs in this checkout's Python, and Kafka's jars are
linked, so that nothing is fetched.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from workbook import paths

_RUN = "import sys; from workbook import bootstrap; sys.exit(bootstrap.run(sys.argv[1:]))"


class Checkout:
    """The package, the labs and Kafka's jars, copied to a folder."""

    def __init__(self, folder):
        self.root = Path(folder)
        self.state = self.root / ".workbook"
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(paths.ROOT / "workbook", self.root / "workbook", ignore=skip)
        shutil.copytree(paths.ROOT / "labs", self.root / "labs", ignore=skip)
        for name in ("requirements.txt", "docker-compose.yml"):
            shutil.copy(paths.ROOT / name, self.root)

    def with_kafka(self):
        """Link the jars and the class-data archive, so that Maven has nothing to do."""
        if not (self.state / "kafka").exists():
            shutil.copytree(paths.STATE / "kafka", self.state / "kafka", copy_function=_link)
        return self

    def command(self, *words):
        """The command line for a command of this checkout."""
        return [sys.executable, "-c", _RUN, *words]

    def environment(self, **variables):
        """Ours, without what would lead to this checkout or to other brokers; None removes a variable."""
        unset = (
            "PYTHONPATH",
            "WORKBOOK_BACKEND",
            "REDIS_URL",
            "AMQP_URL",
            "KAFKA_BOOTSTRAP_SERVERS",
            "WORKBOOK_QUICK",
        )
        environment = {key: value for key, value in os.environ.items() if key not in unset}
        environment.update({key: value for key, value in variables.items() if value is not None})
        return {key: value for key, value in environment.items() if variables.get(key, "") is not None}

    def run(self, *words, timeout=180, **variables):
        """Run a command to its end; stdout and stderr as text."""
        return subprocess.run(
            self.command(*words),
            cwd=self.root,
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def python(self, code, timeout=120, **variables):
        """Run a piece of Python in this checkout; its output. Fails with what it wrote to stderr."""
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=self.root,
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def _link(source, target):
    # A hard link keeps the time of change, which the class-data archive looks at; another disk takes a copy
    # with it.
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def one_sentence(done):
    """The message of a command that failed as it should: exit 1, on stderr, no traceback."""
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr and "Traceback" not in done.stdout, done.stderr
    assert done.stderr.startswith("workbook: "), done.stderr
    return done.stderr
