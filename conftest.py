"""Notebooks are collected and compared by `workbook.builder.validation`, on top of nbval; tests run in two processes."""

from xdist.scheduler import LoadScopeScheduling

pytest_plugins = ["workbook.builder.validation"]


class Scheduling(LoadScopeScheduling):
    """A notebook's cells stay in one process: they need its kernel. So does what tests the machine: brokers, commands,
    taken ports, full disks, one after another beside notebooks and answers, as on a learner's machine.

    (`--dist loadgroup` would do it with markers, but xdist 3.8 does not reach the ids of pytest 9.2's tests.)
    """

    def _split_scope(self, nodeid):
        file = nodeid.split("::")[0]
        if file.startswith("tests/"):
            return nodeid if file == "tests/test_answers.py" else "the machine"
        return file


def pytest_xdist_make_scheduler(config, log):
    """Called by xdist, in the process that hands out the tests."""
    return Scheduling(config, log)
