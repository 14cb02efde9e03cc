"""The figures that the workbook claims, each beside its peer, measured in one run.

`python3 -m workbook bench [NAME …] [--quick]` prints a table and writes `.workbook/bench.json`. One module a benchmark,
each with `measure(quick)` that yields Rows; what is compared is interleaved, and medians are shown.
"""

import importlib
import json
import os
import platform
import statistics
import time
from dataclasses import asdict, dataclass, field

from workbook import paths
from workbook.say import note
from workbook.trouble import Trouble

NAMES = ("up", "verdicts", "history", "workers", "jobs", "peers", "messages", "suite")
"""In the order in which they run: `up` first, while this process uses no broker itself."""


@dataclass
class Row:
    """One line of the table.

    what: what is measured. samples, peers: its values and those of its peer, whose medians are shown; `beside` says what
    the peer is. limit: what was promised for the median, or with `each` for every single value.
    """

    what: str
    unit: str
    samples: list
    beside: str = ""
    peers: list = field(default_factory=list)
    limit: float | None = None
    each: bool = False
    note: str = ""

    @property
    def figure(self):
        return statistics.median(self.samples)

    @property
    def peer(self):
        return statistics.median(self.peers) if self.peers else None

    @property
    def ratio(self):
        """Figure by peer: the median of the pairs' ratios where they were measured in pairs."""
        if not self.peers:
            return None
        if len(self.peers) == len(self.samples):
            return statistics.median(ours / theirs for ours, theirs in zip(self.samples, self.peers))
        return self.figure / self.peer

    def cells(self):
        limit = ""
        if self.limit is not None:
            kept = (max(self.samples) if self.each else self.figure) <= self.limit
            limit = f"{'each ' if self.each else ''}≤ {self.limit:g}: {'yes' if kept else 'NO'}"
        return [
            self.what,
            f"{_number(self.figure)} {self.unit}",
            "" if self.peer is None else f"{_number(self.peer)} {self.unit}",
            "" if self.ratio is None else f"{self.ratio:.2f}",
            str(len(self.samples)),
            limit,
            "; ".join(filter(None, [self.beside, self.note])),
        ]


HEAD = ["what", "median", "peer", "ratio", "runs", "limit", "peer is; remarks"]


def _number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(rows):
    """The rows as aligned lines of text."""
    cells = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD))]
    right = {1, 2, 3, 4}

    def aligned(line):
        return "  ".join(
            text.rjust(width) if column in right else text.ljust(width)
            for column, (text, width) in enumerate(zip(line, widths))
        ).rstrip()

    return [aligned(cells[0]), "  ".join("-" * width for width in widths), *map(aligned, cells[1:])]


def pairs(ours, theirs, runs):
    """Call both in turn, `runs` times, each time the other first; their values as two lists."""
    figures, peers = [], []
    for number in range(runs):
        order = [(ours, figures), (theirs, peers)]
        for function, values in order if number % 2 == 0 else reversed(order):
            values.append(function())
    return figures, peers


def machine():
    """What the figures were measured on: cores, versions, load."""
    from workbook import brokers

    versions = {}
    for name in brokers.NAMES:
        instance = brokers.instance(name)
        versions[brokers.TITLES[name]] = instance.version()
    return {
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "backend": brokers.instance("redis").backend,
        "brokers": versions,
        "load before": round(os.getloadavg()[0], 1),
    }


def main(words=()):
    """Measure what is named, or all of it; 0."""
    quick = "--quick" in words
    names = [word for word in words if word != "--quick"]
    for name in names:
        if name not in NAMES:
            raise Trouble(f"there is no benchmark {name!r}: there are {', '.join(NAMES)}.")
    about = machine()
    note(
        f"{about['cores']} cores, {about['system']}, Python {about['python']}; backend {about['backend']}: "
        + ", ".join(f"{title} {version}" for title, version in about["brokers"].items())
        + f"; load before {about['load before']}"
    )
    rows = []
    for name in NAMES:
        if names and name not in names:
            continue
        started = time.monotonic()
        module = importlib.import_module(f"benchmarks.{name}")
        try:
            for row in module.measure(quick):
                rows.append(row)
                note("    " + "  ".join(filter(None, row.cells())))
                keep(about, rows)  # an interrupt loses what is being measured, not what was
        except Trouble as trouble:
            if names:
                raise
            note(f"  {name}: not measured; {trouble}")
        else:
            note(f"  {name} … {time.monotonic() - started:.1f} s")
    if rows:
        for line in table(rows):
            note(line)
    return 0


def keep(about, rows, file=None):
    """Write the rows with all their samples to `.workbook/bench.json`."""
    file = file or paths.STATE / "bench.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = [{**asdict(row), "median": row.figure, "peer": row.peer, "ratio": row.ratio} for row in rows]
    file.write_text(json.dumps({"machine": about, "rows": kept}, indent=1, ensure_ascii=False), "utf-8")
