"""The history: what every process did, step by step, in files that survive SIGKILL.

Each process appends to a file of its own, one JSON object a line, with a single `write` per record: a killed
process leaves whole lines behind, and a frozen one never holds a lock that others wait for. The idea of judging
a system by a recorded history comes from Jepsen and Maelstrom; unlike there, here the history only supplies
witnesses, tables and timelines. Verdicts rest on what the brokers and the outside world hold, because the order
in which processes write is not the order in which things happened.
"""

import json
import os
import time
from pathlib import Path


def file_name(who):
    """The name of a process as part of a file's name."""
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in who)


class Recorder:
    """Appends the records of one process (`who`) to its own file in `folder`."""

    def __init__(self, folder, who):
        self.who = who
        path = Path(folder) / f"{file_name(who)}-{os.getpid()}-{time.monotonic_ns()}.jsonl"
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def record(self, what, phase, id=None, note=None):
        """Append one record.

        what: the operation in the broker's own words ("BLMOVE", "basic.ack", "commit") or an effect ("charge").
        phase: "start", "end", "fault" or "note". An operation without its "end" is one whose outcome is unknown.
        id: the unit of work, where it is known. note: free text for people.
        """
        entry = {"at": time.monotonic_ns(), "who": self.who, "what": what, "phase": phase}
        if id is not None:
            entry["id"] = id
        if note is not None:
            entry["note"] = note
        os.write(self._file, (json.dumps(entry, default=str) + "\n").encode())

    def close(self):
        os.close(self._file)


class History:
    """All records in a folder, of all processes, dead ones included."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def recorder(self, who):
        return Recorder(self.folder, who)

    def records(self):
        """Every record as a dict (at: ns of the machine's monotonic clock, who, what, phase, id?, note?), by time.

        The clock is shared by the machine's processes; two records of different processes that lie close together
        may still have happened in the other order.
        """
        found = []
        for path in sorted(self.folder.glob("*.jsonl")):
            # What follows the last line's end is a record that is being written: a reader may see the first part of it,
            # up to the end of a page, before the rest.
            for line in path.read_bytes().split(b"\n")[:-1]:
                found.append(json.loads(line))
        return sorted(found, key=lambda entry: entry["at"])

    def faults(self, who=None):
        """The faults that really happened, in order: a check that relies on one looks here first."""
        return [
            entry
            for entry in self.records()
            if entry["phase"] == "fault" and (who is None or entry["who"] == who)
        ]
