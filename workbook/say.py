"""Progress on the terminal: one line a step, with its time. Standard library only."""

import contextlib
import sys
import time


def note(text):
    """Print one line at once, even into a pipe."""
    print(text, flush=True)


@contextlib.contextmanager
def step(what, stream=None):
    """Say `what` before the block and the seconds it took after it; a failing block is said as such.

    On a terminal both stand on one line; elsewhere (CI logs) the line is complete when it appears.
    """
    stream = stream or sys.stdout
    live = stream.isatty()
    if live:
        stream.write(f"  {what} … ")
        stream.flush()
    started = time.monotonic()
    ending = "failed"
    try:
        yield
        ending = ""
    finally:
        seconds = f"{time.monotonic() - started:.1f} s"
        line = f"{ending} after {seconds}" if ending else seconds
        stream.write(f"{line}\n" if live else f"  {what} … {line}\n")
        stream.flush()
