"""`run NN`: one lab executed without a browser, its verdicts printed as they come."""

import re
import subprocess

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from workbook import paths
from workbook.builder import executing
from workbook.say import note
from workbook.trouble import Trouble

CELL_TIMEOUT = 120
"""Seconds after which a cell is given up: far above the slowest exercise, far below a coffee."""

WORDS = ("PASS", "WRONG", "YOUR CODE RAISED", "NOT ATTEMPTED", "CANNOT TELL", "BROKER DOWN")

_HEADLINE = re.compile(rf"^\d\d\.\w+ .*·.*\b({'|'.join(WORDS)})\b")


def run(lab):
    """Execute the learner's copy of a lab if there is one, else the lab; 0 if it ran to its end.

    The notebook's file is left as it is. A verdict other than PASS is news, not a failure: learners run
    unfinished labs.
    """
    mine = paths.MY / lab.name
    source = mine if mine.exists() else lab
    try:
        notebook = nbformat.read(source, as_version=4)
    except Exception as error:
        raise Trouble(
            f"{source.name} cannot be read as a notebook ({error}): restore it from labs/."
        ) from None
    note(
        f"{source.relative_to(paths.ROOT)}, {sum(cell.cell_type == 'code' for cell in notebook.cells)} code "
        "cells"
    )
    printed = _Printer()
    client = NotebookClient(
        notebook,
        kernel_manager_class=executing.manager(AsyncKernelManager),
        timeout=CELL_TIMEOUT,
        resources={"metadata": {"path": str(source.parent)}},
        on_cell_executed=printed.cell,
        iopub_timeout=10,
    )
    try:
        # What a kernel writes to its own standard error is for whoever runs a server of kernels.
        client.execute(stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        raise Trouble(
            f"{source.name} stopped at a cell that raised {error.ename} ({_first_line(error.evalue)}): mend "
            "that cell and run "
            "it again."
        ) from None
    except CellTimeoutError:
        raise Trouble(
            f"{source.name}: a cell ran longer than {CELL_TIMEOUT} s; look for a loop that does not end."
        ) from None
    except DeadKernelError:
        raise Trouble(
            f"{source.name}: its kernel died; run `python3 -m workbook doctor`, then run it again."
        ) from None
    note(printed.tally())
    return 0


class _Printer:
    """Prints the verdicts among a cell's outputs and counts them."""

    def __init__(self):
        self.counts = dict.fromkeys(WORDS, 0)

    def cell(self, cell, cell_index, execute_reply):
        for text in _texts(cell):
            lines = text.splitlines()
            for number, line in enumerate(lines):
                found = _HEADLINE.match(line)
                if found:
                    self.counts[found.group(1)] += 1
                    note(line)
                    # What belongs to a verdict is indented below its headline.
                    for follower in lines[number + 1 :]:
                        if not follower.startswith("  "):
                            break
                        note(follower)

    def tally(self):
        seen = [f"{count} {word}" for word, count in self.counts.items() if count]
        return "ran to its end: " + (", ".join(seen) or "no verdicts")


def _texts(cell):
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            yield output.text
        elif "text/plain" in output.get("data", {}):
            yield output.data["text/plain"]


def _first_line(text):
    return text.strip().splitlines()[0] if text.strip() else "no message"
