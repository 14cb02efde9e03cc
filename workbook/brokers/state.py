"""What the brokers' starter wrote down for everybody else: backend, addresses, extra settings.

One small JSON file, `.workbook/brokers.json`, replaced atomically. Standard library only: a notebook reads it
at every `brokers.address`, and it must cost nothing.
"""

import contextlib
import fcntl
import json
import os
import time

from workbook import paths
from workbook.trouble import Trouble

_SETTLE = 0.02  # seconds between two tries for a lock that somebody else holds


def _file():
    return paths.STATE / "brokers.json"


def read():
    """The whole record; empty before the first `up`."""
    try:
        return json.loads(_file().read_text())
    except FileNotFoundError:
        return {}
    except ValueError:
        # Half a file cannot be written (it is replaced), but a full disk or a curious editor can leave one.
        return {}


def address(name, role="shared"):
    """The recorded address of one broker; Trouble when it was never started."""
    try:
        return read()["addresses"][role][name]
    except KeyError:
        raise Trouble(
            f"{name} was never started in this checkout: run `python3 -m workbook up` in a terminal."
        ) from None


def backend(role="shared"):
    """Which backend serves this role, or None before the first `up`."""
    return read().get("backends", {}).get(role)


def settings(name, role):
    """The extra settings of the last start of one broker."""
    return read().get("settings", {}).get(role, {}).get(name, {})


@contextlib.contextmanager
def changing():
    """The record, to be changed in place inside the block and saved after it; one process at a time."""
    with lock("brokers"):
        record = read()
        yield record
        save(_file(), record)


def save(file, value):
    """Write JSON so that a reader sees the old file or the new one, never half of one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        fresh.write_text(json.dumps(value, indent=1))
        os.replace(fresh, file)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise Trouble(
            f"cannot write {file.name} ({error.strerror}): free some disk space or make the folder .workbook "
            "writable, "
            "then try again."
        ) from None


@contextlib.contextmanager
def lock(name, deadline=120.0, busy="another process of this checkout is still at it"):
    """Hold an inter-process lock; the system drops it when its holder dies, however it dies."""
    paths.STATE.mkdir(parents=True, exist_ok=True)
    with open(paths.STATE / f"{name}.lock", "a") as file:
        end = time.monotonic() + deadline
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise Trouble(f"{busy}: wait for it or end it, then try again (lock {name}).") from None
                time.sleep(_SETTLE)
        yield
