"""Verdicts: what a check says, and how it is worded. Text first, a symbol second, never colour alone."""

from dataclasses import dataclass, field

PASS = "PASS"
WRONG = "WRONG"
RAISED = "YOUR CODE RAISED"
NOT_ATTEMPTED = "NOT ATTEMPTED"
CANNOT_TELL = "CANNOT TELL"
BROKER_DOWN = "BROKER DOWN"

SYMBOLS = {PASS: "✓", WRONG: "✗", RAISED: "✗", NOT_ATTEMPTED: "○", CANNOT_TELL: "?", BROKER_DOWN: "!"}


class Ended(Exception):
    """How a check ends when it does not pass. Raised by checks through its subclasses."""

    word = CANNOT_TELL

    def __init__(self, *lines, must_hold=None, anomalies=(), hint=1):
        super().__init__(*lines)
        self.lines = list(lines)
        self.must_hold = must_hold
        self.anomalies = list(anomalies)
        self.hint = hint


class Wrong(Ended):
    """The answer does not do what it must.

    anomalies: what was found, by name, with witnesses. lines: what was seen, where no anomaly says it (or the
    circumstances: "killed after its BLMOVE"). must_hold: the property, in one sentence. hint: the number of the hint
    that fits what was seen, None where none does.
    """

    word = WRONG

    def __init__(self, *lines, must_hold, anomalies=(), hint=1):
        super().__init__(*lines, must_hold=must_hold, anomalies=anomalies, hint=hint)


class Raised(Ended):
    """The learner's code raised: its own line, the exception, the input."""

    word = RAISED


class CannotTell(Ended):
    """Too little happened to judge: lines say why. A check that relies on a fault ends so when it did not happen."""

    word = CANNOT_TELL


def _cut(line, longest=500):
    return line if len(line) <= longest else f"{line[:longest]} … and {len(line) - longest} more characters"


@dataclass
class Verdict:
    """One verdict on one answer.

    number, title: the exercise ("15.1", "take"). word: one of the six above. anomalies: list of
    `workbook.anomalies.Anomaly`. lines: what was seen. must_hold: the property that was broken, or None.
    hint: the hint that fits, where the answer is wrong; how to get one, where it raised. seconds: how long judging took. printed: what the
    learner's code printed meanwhile.
    """

    number: str
    title: str
    word: str
    lines: list = field(default_factory=list)
    anomalies: list = field(default_factory=list)
    must_hold: str | None = None
    hint: str | None = None
    seconds: float = 0.0
    printed: str = ""

    @property
    def passed(self):
        return self.word == PASS

    @property
    def names(self):
        """The names of the anomalies found: ["lost", "duplicated"]."""
        return [anomaly.name for anomaly in self.anomalies]

    @property
    def text(self):
        """The verdict as it is shown: what was seen first, the hint last, no line without end."""
        return "\n".join(map(_cut, self._told()))

    def _told(self):
        told = [f"{self.number} {self.title} · {self.word} {SYMBOLS[self.word]}"]
        for line in self.lines:
            told.append(f"  {line}")
        for anomaly in self.anomalies:
            told.append(f"  {anomaly.line()}")
            told += [f"    {line}" for line in anomaly.witness]
        if self.must_hold:
            told.append(f"  must hold: {self.must_hold}")
        if self.printed.strip():
            printed = self.printed.rstrip().splitlines()
            told.append("  your code printed:")
            told += [f"    {_cut(line, 100)}" for line in printed[:8]]
            if len(printed) > 8:
                told.append(f"    … and {len(printed) - 8} more lines")
        if self.hint:
            told.append(f"  {self.hint}")
        return told

    def __str__(self):
        return self.text
