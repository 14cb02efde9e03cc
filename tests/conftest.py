"""What the tests share: running brokers, and the table of how long verdicts took."""

import os
import statistics

import pytest

# No test writes into the learner's progress.
os.environ["WORKBOOK_PROGRESS"] = "off"

VERDICTS = pytest.StashKey()


@pytest.fixture(scope="session")
def shared_brokers():
    """The shared brokers, running; a test that needs them fails with the remedy when they don't."""
    from workbook import brokers

    brokers.require("redis", "rabbitmq", "kafka")
    return brokers


@pytest.fixture
def verdict_seconds(request):
    """Call it with an exercise's number and a verdict's seconds: they appear in the summary."""
    seconds = request.config.stash.setdefault(VERDICTS, {})
    return lambda number, taken: seconds.setdefault(number, []).append(taken)


def pytest_terminal_summary(terminalreporter, config):
    """Say how long verdicts took, for each exercise and over all."""
    seconds = config.stash.get(VERDICTS, {})
    if not seconds:
        return
    terminalreporter.section("verdicts")
    for number, taken in sorted(seconds.items()):
        terminalreporter.line(
            f"{number}: median {statistics.median(taken):.2f} s, at most {max(taken):.2f} s, "
            f"{len(taken)} verdicts"
        )
    every = [one for taken in seconds.values() for one in taken]
    terminalreporter.line(
        f"all: median {statistics.median(every):.2f} s, at most {max(every):.2f} s; budget 1 s, 5 s"
    )
