"""Processes that outlive us: in a session of their own, and recognised later by more than their number."""

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from workbook.brokers import state
from workbook.trouble import Trouble

_POLL = 0.01  # seconds between two looks at a process that is to end; nobody tells a stranger when it has


def identity(pid):
    """What tells this process from a later one with the same number; None when there is no such process.

    On Linux: when it started, in clock ticks since boot, and which boot. Elsewhere: psutil's creation time. A
    zombie, which has ended and only waits to be reaped, counts as no process: in a container nobody may ever
    reap it.
    """
    try:
        # The command's name stands in brackets and may itself hold brackets and spaces: split after the last
        # one.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        if fields[0] in "ZX":
            return None
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{fields[19]}@{boot}"
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return None
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.NoSuchProcess:
        return None


class Process:
    """One long-lived process, remembered in a file."""

    def __init__(self, record):
        self.record = Path(record)

    @property
    def pid(self):
        """Its number while it runs, else None: a number that now belongs to another process is not its
        number.
        """
        try:
            known = json.loads(self.record.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return known["pid"] if identity(known["pid"]) == known["identity"] else None

    def spawn(self, command, log, env=None, cwd=None):
        """Start `command` with its output appended to `log`, in a session of its own and without standard
        input.

        A signal to our group, a closed terminal or our own end do not reach it.
        """
        log = Path(log)
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "ab") as output:
            child = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=env,
                cwd=cwd,
                start_new_session=True,
            )
        # Popen complains at our end about a child that still runs; that it outlives us is the very purpose.
        child.returncode = 0
        state.save(
            self.record, {"pid": child.pid, "identity": identity(child.pid), "command": str(command[0])}
        )
        return child.pid

    def signal(self, number):
        """Send a signal if it still runs; whether it did."""
        pid = self.pid
        if pid is None:
            return False
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        except PermissionError:
            raise Trouble(
                f"process {pid} belongs to another user: use the workbook as the user who started it."
            ) from None
        return True

    def frozen(self):
        """Whether it is stopped by SIGSTOP."""
        pid = self.pid
        if pid is None:
            return False
        import psutil

        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(pid).status() == psutil.STATUS_STOPPED
        return False

    def kill(self):
        """SIGKILL, and wait until it is gone."""
        self.signal(signal.SIGKILL)
        self.gone(10.0)

    def end(self, patience=15.0):
        """SIGTERM, and SIGKILL for one that has not ended after `patience` seconds."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        if not self.gone(patience):
            self.kill()

    def gone(self, deadline):
        """Wait until it has ended; whether it has within `deadline` seconds."""
        pid = self.pid
        end = time.monotonic() + deadline
        while self.pid is not None:
            if time.monotonic() > end:
                return False
            time.sleep(_POLL)
        if pid is not None:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)  # if it was our own child, do not leave a zombie
        return True
