"""A trial: the corner in which a check runs an answer, one experiment after another."""

from workbook.lab import Corner
from workbook.verdicts import CannotTell, Raised, Wrong

_trials = {}


class Trial(Corner):
    """A corner for checks, kept from check to check in one process; `begin` empties it."""

    @classmethod
    def for_lab(cls, lab, uses):
        if lab not in _trials or _trials[lab].lease is None:
            _trials[lab] = cls(uses)
        return _trials[lab]

    def begin(self):
        self.fresh()
        self._printed = []

    def end(self):
        self._close_everything()

    def printed(self):
        """What the answer printed in this check's workers, once where they all printed the same."""
        return "".join(dict.fromkeys(text for text in self._printed if text))

    def outcome(self, worker, within=3.0, each_call=False):
        """Wait for a worker, at most `within` seconds, and return its Outcome, whatever it is.

        each_call: the time is for each call that the worker notes (`given`), and not for all of them.
        """

        def last_call():
            records = self.history.records()
            return max((e["at"] for e in records if e["who"] == worker.name and e["what"] == "given"), default=0) / 1e9

        outcome = worker.finish(within, since=last_call if each_call else None)
        self._printed.append(outcome.printed)
        return outcome

    def result(self, worker, within=3.0, circumstance=None):
        """Wait for a worker that has to return, and give its value.

        circumstance: the situation that the answer was in ("the confirm was lost"), told first where it did not return.
        Ends the check as YOUR CODE RAISED, or as WRONG when it had not returned within `within` seconds.
        """
        outcome = self.outcome(worker, within)
        self.expect_no_error(outcome, circumstance)
        if outcome.kind == "overran":
            raise Wrong(
                *([circumstance] if circumstance else []),
                f"stuck: {worker.name} had not returned after {within:g} s{self._given_to(worker)}",
                must_hold="it returns",
            )
        if outcome.kind == "killed":
            raise CannotTell(f"{worker.name} ended on its own, without an exception; run the check again")
        return outcome.value

    def _given_to(self, worker):
        """What the worker was at, for a sentence: its last call, when its driver noted one."""
        calls = [e["note"] for e in self.history.records() if e["who"] == worker.name and e["what"] == "given"]
        return f": {calls[-1]}" if calls else ""

    def operations(self, who, but=()):
        """The operations that a worker made, by name, in their order, from its history: those that a fault counts.

        but: names that are left out, such as effects outside ("charge"), which a fault counts too.
        """
        return [
            entry["what"]
            for entry in self.history.records()
            if entry["who"] == who and entry["phase"] == "start" and entry["what"] not in ("worker", *but)
        ]

    def expect_no_error(self, outcome, circumstance=None):
        """End the check as YOUR CODE RAISED when an exception came out of the answer: first in which situation."""
        error = outcome.error
        if error is None:
            return
        if error.where is None:
            # No line of the answer is in the traceback: the check's own driver failed.
            raise RuntimeError(error.trace)
        raise Raised(*([circumstance] if circumstance else []), *error.lines)

    def expect_fault(self, outcome, fault):
        """End the check as CANNOT TELL unless `fault` really happened in that worker."""
        if not outcome.faults:
            raise CannotTell(f"the fault never happened: the worker was to be {fault}, and did not get there")
