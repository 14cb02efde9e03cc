"""What the tests share: running brokers, and the table of how long verdicts took."""

import os
import statistics

import pytest

# No test writes into the learner's progress.
os.environ["WORKBOOK_PROGRESS"] = "off"


@pytest.fixture(scope="session")
def shared_brokers():
    """The shared brokers, running; a test that needs them fails with the remedy when they don't."""
    from workbook import brokers

    brokers.require("redis", "rabbitmq", "kafka")
    return brokers


@pytest.fixture
def verdict_seconds(record_property):
    """Call it with an exercise's number and a verdict's seconds: they appear in the summary."""
    return lambda number, taken: record_property("verdict", [number, taken])


def pytest_terminal_summary(terminalreporter):
    """Say how long verdicts took, for each exercise and over all."""
    from workbook import exercises

    seconds = {}
    for report in [one for reports in terminalreporter.stats.values() for one in reports]:
        if getattr(report, "when", None) == "teardown":  # the last of a test's three reports, with all its properties
            for number, taken in [value for name, value in report.user_properties if name == "verdict"]:
                seconds.setdefault(number, []).append(taken)
    if not seconds:
        return
    terminalreporter.section("verdicts")
    for number, taken in sorted(seconds.items()):
        terminalreporter.line(
            f"{number}: median {statistics.median(taken):.2f} s, at most {max(taken):.2f} s, "
            f"{len(taken)} verdicts; budget {exercises.find(number).budget:g} s"
        )
    every = [one for taken in seconds.values() for one in taken]
    terminalreporter.line(
        f"all: median {statistics.median(every):.2f} s, at most {max(every):.2f} s; budget of the median 1 s"
    )
