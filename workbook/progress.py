"""Progress: which exercises are solved, seen (their answer was revealed) and open, in one file of this checkout."""

import contextlib
import fcntl
import json
import os

from workbook.paths import STATE

FILE = STATE / "progress.json"

_of_this_process = {}
"""The notes where WORKBOOK_PROGRESS is off: kept in no file, gone with the kernel."""


def _off():
    return os.environ.get("WORKBOOK_PROGRESS") == "off"


@contextlib.contextmanager
def _notes():
    """The notes, to be changed in the block: several notebooks may write at the same time."""
    if _off():
        yield _of_this_process
        return
    STATE.mkdir(parents=True, exist_ok=True)
    with open(STATE / "progress.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        notes = _read()
        yield notes
        temporary = FILE.with_suffix(".new")
        temporary.write_text(json.dumps(notes, indent=1, sort_keys=True), "utf-8")
        temporary.replace(FILE)


def _read():
    try:
        return json.loads(FILE.read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def attempted(number, word):
    """Note a verdict. Only a real attempt counts; solved stays solved, and an answer that was seen is not solved."""
    if word in ("NOT ATTEMPTED", "BROKER DOWN", "CANNOT TELL"):
        return
    with _notes() as notes:
        entry = notes.setdefault(number, {})
        entry["attempts"] = entry.get("attempts", 0) + 1
        if word == "PASS" and entry.get("state") != "seen":
            entry["state"] = "solved"


def hinted(number, n):
    with _notes() as notes:
        entry = notes.setdefault(number, {})
        entry["hints"] = max(n, entry.get("hints", 0))


def seen(number):
    with _notes() as notes:
        entry = notes.setdefault(number, {})
        if entry.get("state") != "solved":
            entry["state"] = "seen"


def states():
    """Exercise -> "solved" or "seen", of those that are either. Where progress is off: what this process knows of."""
    notes = _of_this_process if _off() else _read()
    return {number: entry["state"] for number, entry in notes.items() if "state" in entry}


def report():
    """Solved, seen and open exercises per lab, and what is next, as text."""
    from workbook import exercises

    notes = _read()
    told = []
    following = None
    for lab in exercises.labs():
        marks = []
        for number, found in exercises.exercises_of(lab).items():
            entry = notes.get(number, {})
            state = entry.get("state", "open")
            extra = [f"{entry['attempts']} tries" if entry.get("attempts", 0) != 1 else "1 try"] \
                if entry.get("attempts") else []
            extra += [f"{entry['hints']} hints" if entry["hints"] != 1 else "1 hint"] if entry.get("hints") else []
            marks.append(f"  {number} {found.title}: {state}" + (f" ({', '.join(extra)})" if extra else ""))
            if state == "open" and following is None:
                following = number
        told += [f"lab {lab}"] + marks
    told.append(f"next: {following}" if following else "all exercises are solved or seen")
    return "\n".join(told)
