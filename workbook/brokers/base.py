"""What every backend offers for one broker: the same verbs, whether it is a process or a container."""

import abc
import contextlib
import time

from workbook import paths
from workbook.brokers import probes, state
from workbook.trouble import Trouble

NAMES = ("redis", "rabbitmq", "kafka")
"""The brokers that labs use, in the order in which they are reported."""

EXTRAS = ("kafka-cluster", "activemq")
"""Brokers that single labs use; `up kafka-cluster` and `up activemq` start them."""

TITLES = {
    "redis": "Redis",
    "rabbitmq": "RabbitMQ",
    "kafka": "Kafka",
    "activemq": "ActiveMQ",
    "kafka-cluster": "Kafka (three brokers)",
}

ROLES = ("shared", "crash")
"""`shared` serves every kernel and is never harmed; `crash` is the one that faults are done to."""


class Instance(abc.ABC):
    """One broker of one role on one backend.

    A backend subclasses this and implements the abstract methods; waiting, restarting and the wording of
    failures are here, so that both backends behave alike. Methods return None when it is done, and raise
    Trouble when it cannot be.
    """

    backend = "?"

    ready_within = {"redis": 30.0, "rabbitmq": 90.0, "kafka": 90.0, "activemq": 90.0, "kafka-cluster": 150.0}
    """Seconds after which a start is called a failure: generous, because a slow machine is no error."""

    def __init__(self, name, role="shared"):
        self.name = name
        self.role = role

    def __repr__(self):
        return f"<{self.title}, {self.role}, {self.backend}>"

    @property
    def title(self):
        """The broker's name as it is written in sentences."""
        return TITLES[self.name]

    @property
    def called(self):
        """How a sentence names this instance."""
        return self.title if self.role == "shared" else f"the crash-test {self.title}"

    @property
    def address(self):
        """The mapping that `brokers.address` returns."""
        return state.address(self.name, self.role)

    @abc.abstractmethod
    def running(self):
        """Whether its process (or container) exists; a frozen one exists."""

    @abc.abstractmethod
    def version(self):
        """The server's own version, as a string such as "7.0.15"."""

    @abc.abstractmethod
    def start(self, settings=None):
        """Start it unless it runs, and return without waiting until it serves.

        `settings` are extra lines for its settings file; None keeps those of the last start.
        """

    @abc.abstractmethod
    def stop(self):
        """Ask it to end in order, and return when it has ended. A frozen one is resumed first."""

    @abc.abstractmethod
    def kill(self):
        """End it at once, without any chance to tidy up (SIGKILL), and return when it is gone."""

    @abc.abstractmethod
    def pause(self):
        """Freeze it: connections stay open and nothing answers."""

    @abc.abstractmethod
    def resume(self):
        """Thaw it; harmless when it is not frozen."""

    @abc.abstractmethod
    def wipe(self):
        """Remove its data. It must not be running."""

    @abc.abstractmethod
    def log_tail(self, lines=15):
        """The last lines of its log, as one string."""

    @property
    def changed(self):
        """Whether somebody changed its settings while it runs, so that the next holder must get it
        restarted.
        """
        return self._mark.exists()

    @changed.setter
    def changed(self, yes):
        self._mark.touch() if yes else self._mark.unlink(missing_ok=True)

    @property
    def _mark(self):
        return paths.STATE / f"changed-{self.name}-{self.role}"

    def ctl(self, *arguments, timeout=30):
        """Run RabbitMQ's command-line tool `rabbitmqctl` against this instance; its output."""
        raise Trouble(
            f"rabbitmqctl cannot be run against {self.called} ({self.backend}): use --backend native or "
            "compose."
        )

    @contextlib.contextmanager
    def memory_alarm(self):
        """RabbitMQ under a memory alarm inside the block: it reads nothing more from connections that
        publish.

        The limit is lowered while it runs, and put back to what it was; the alarm has been raised, or
        cleared, when this returns.
        """
        marked = self.changed
        before = self.ctl(
            "eval",
            "Before = vm_memory_monitor:get_vm_memory_high_watermark(), "
            "vm_memory_monitor:set_vm_memory_high_watermark(0), Before.",
        ).strip()
        try:
            self._wait_alarm(raised=True)
            yield self
        finally:
            self.ctl("eval", f"vm_memory_monitor:set_vm_memory_high_watermark({before}).")
            self._wait_alarm(raised=False)
        self.changed = marked

    def _wait_alarm(self, raised, deadline=10.0):
        end = time.monotonic() + deadline
        while probes.alarmed(self.address) != raised:
            if time.monotonic() > end:
                raise Trouble(f"the memory alarm of {self.called} did not {'begin' if raised else 'end'}.")
            time.sleep(0.02)  # between two looks; the loop ends on what it sees

    def settings(self):
        """The extra settings of its last start."""
        return state.settings(self.name, self.role)

    def restart(self):
        """Stop it in order, start it, and wait until it serves."""
        self.stop()
        self.start()
        self.wait_ready()

    def answers(self):
        """Whether it serves a client right now (one try, at most about a second)."""
        return probes.problem(self.name, self.address, timeout=1.0) is None

    def wait_ready(self, deadline=None):
        """Wait until a real client is served; Trouble with the end of the log after `deadline` seconds."""
        deadline = self.ready_within[self.name] if deadline is None else deadline
        end = time.monotonic() + deadline
        while True:
            problem = probes.problem(self.name, self.address, timeout=min(1.0, deadline))
            if problem is None:
                return
            if not self.running():
                raise Trouble(self._failure("ended instead of starting", problem))
            if time.monotonic() > end:
                raise Trouble(self._failure(f"did not serve within {deadline:.0f} s", problem))
            time.sleep(0.05)  # between two tries, not instead of one: the loop ends on an answer

    def _failure(self, what, problem):
        tail = "\n".join(f"    {line}" for line in self.log_tail().splitlines())
        log = f"the end of its log:\n{tail}" if tail else "it left no log"
        return f"{self.called} {what} ({problem}); see `python3 -m workbook doctor`; {log}"

    @contextlib.contextmanager
    def frozen(self):
        """Frozen inside the block, thawed after it whatever happens."""
        self.pause()
        try:
            yield self
        finally:
            self.resume()
