"""Figures: one point each, the same numbers as text beside it, and nothing that only colour tells.

Every function returns a `Figure`. A notebook shows it as an HTML image, because JupyterLab drops the
alternative text of other images; `print(figure.table())` says the same in text. Colours are Okabe and Ito's,
which survive colour blindness; patterns and direct labels carry the difference where there is no colour at
all. The background is white in every theme.
"""

import base64
import bisect
import functools
import html
import io
import logging
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field

BLUE, ORANGE, GREEN, PINK, SKY, YELLOW = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#F0E442"
INK, GREY, ALARM = "#222222", "#8A8A8A", "#A40000"
DARKER = {BLUE: "#00538A", ORANGE: "#8A5A00", GREEN: "#00664A", PINK: "#8A3F6B"}
"""The same colours for text, which needs more contrast than a line."""
FILLS = [
    (SKY, ""),
    (ORANGE, "///"),
    (GREEN, "..."),
    (YELLOW, "xxx"),
    (PINK, "\\\\\\"),
    ("#FFFFFF", "+++"),
    ("#BBBBBB", "ooo"),
]
"""(colour, pattern) of the first, second, … kind of bar in a figure."""


@dataclass(frozen=True)
class Mark:
    """How a fault is drawn where it struck: by its shape first, and then by its colour.

    goes_on: whether the process is still there afterwards, so that its lane and what it was doing go on too.
    waits: whether it stands still until it is let go: its lane is dotted meanwhile. size: in points.
    """

    shape: str
    colour: str
    size: float = 12
    goes_on: bool = True
    waits: bool = False
    hollow: bool = False


MARKS = {
    "killed": Mark("X", ALARM, goes_on=False),
    "stopped": Mark("s", DARKER[ORANGE], size=10),  # asked to end (SIGTERM): what it does now is its own affair
    "frozen": Mark("$\u275a\u275a$", DARKER[BLUE], size=11, waits=True),  # two upright bars, as on a pause button
    "held": Mark("D", DARKER[BLUE], size=9, waits=True, hollow=True),
}
"""The marks of faults, by the first word of their text (see `workbook.faults.Fault`)."""
OTHER_FAULT = Mark("P", ALARM, goes_on=False)


@dataclass
class Figure:
    """A drawn figure.

    alt: what it shows, in a sentence. numbers: what was drawn, as plain data. rows: the same as a table,
    heading first. png: the image.
    """

    alt: str
    numbers: object
    rows: list = field(repr=False)
    png: bytes = field(repr=False)
    width: int = 760

    def table(self):
        """The figure's numbers as text, in columns."""
        cells = [[_number(cell) for cell in row] for row in self.rows]
        widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
        right = [all(_is_number(row[column]) for row in self.rows[1:]) for column in range(len(widths))]
        lines = []
        for row in cells:
            line = "  ".join(
                cell.rjust(width) if flush else cell.ljust(width)
                for cell, width, flush in zip(row, widths, right)
            )
            lines.append(line.rstrip())
        return "\n".join(lines)

    def _repr_html_(self):
        data = base64.b64encode(self.png).decode()
        return (
            f'<img alt="{html.escape(self.alt)}" src="data:image/png;base64,{data}" width="{self.width}" '
            f'style="max-width:100%;height:auto;background:#fff">'
        )

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self._repr_html_(), "text/plain": f"figure: {self.alt}"}


def _plain(draw):
    """Draw with matplotlib told to leave a `$` in an id or a title what it is."""

    @functools.wraps(draw)
    def drawn(*arguments, **options):
        # On its very first import matplotlib logs that it builds a font cache: an output of the cell.
        logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
        import matplotlib

        with matplotlib.rc_context({"text.parse_math": False}):
            return draw(*arguments, **options)

    return drawn


# --- a timeline: who did what, and where the fault struck


@_plain
def timeline(records, title="Who had which job", alt=None, only=None, lanes=None):
    """One lane for each process: operations as bars from left to right, faults as marks with their text.

    records: the history (dicts with at, who, what, phase, and perhaps id and note). only: the names of the
    operations to draw; without it, all that concern a unit of work (those with an id). lanes: the processes
    to draw, from the top; without it, all that did something, by name. The axis counts steps: how long
    something took is another figure's point. A bar with a broken edge has no recorded end: nobody knows
    whether it happened. Each kind of fault has a shape of its own (`MARKS`), and its text stands beside it: killed
    is not stopped, frozen or held, and only a killed process has no line after it.
    """
    lanes, operations, faults = _read_history(records, only, lanes)
    columns = (
        max([operation.column for operation in operations] + [fault.column for fault in faults], default=0)
        + 1
    )
    kinds = list(
        dict.fromkeys(operation.what for operation in sorted(operations, key=lambda one: one.column))
    )
    upright, crowded = columns > 12, columns > 48
    lane_height = 1.0 if upright else 0.8
    wide = min(10, max(5.5, 2 + 0.95 * columns))
    canvas, axes = _canvas(wide, 1.1 + lane_height * max(len(lanes), 1), title)

    for row, who in enumerate(lanes):
        for begin, end, waits in _lane(who, operations, faults, columns):
            look = {"color": GREY, "linestyle": (0, (1, 2)), "linewidth": 1.6} if waits else {"color": "#CCCCCC", "linewidth": 1}
            axes.plot([begin, end], [row, row], **look, zorder=0)
    for one in operations:
        row = lanes.index(one.who)
        colour, pattern = FILLS[kinds.index(one.what) % len(FILLS)]
        left, wide = one.column - 0.44, one.until - one.column + 0.88
        axes.barh(
            row,
            wide,
            left=left,
            height=0.56,
            color=colour,
            hatch=pattern,
            edgecolor=INK,
            linewidth=0.8,
            zorder=2,
            linestyle="-" if one.ended else (0, (3, 2)),
            label=one.what,
        )
        if crowded:
            continue
        text = one.what + (f"\n{one.id}" if one.id else "") + ("" if one.ended else "\nno end")
        axes.text(
            left + wide / 2,
            row,
            text,
            ha="center",
            va="center",
            fontsize=7.5 if columns <= 24 else 6,
            color=INK,
            zorder=3,
            rotation=90 if upright else 0,
            linespacing=1.05,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.86, "pad": 0.8},
        )
    for row, who in enumerate(lanes):
        for number, fault in enumerate(one for one in faults if one.who == who):
            mark = fault.mark
            with _signs():
                axes.plot(
                    [fault.column],
                    [row],
                    marker=mark.shape,
                    markersize=mark.size,
                    color=mark.colour,
                    markerfacecolor="white" if mark.hollow else mark.colour,
                    markeredgecolor=mark.colour if mark.hollow else "white",
                    markeredgewidth=2 if mark.hollow else 0 if mark.shape.startswith("$") else 1,
                    zorder=4,
                )
            in_the_right_half = fault.column > columns / 2
            axes.text(
                fault.column + (0.3 if in_the_right_half else -0.3),
                row + (0.4, -0.4)[number % 2],
                fault.note,
                fontsize=8.5,
                fontweight="bold",
                color=mark.colour,
                ha="right" if in_the_right_half else "left",
                va="center",
                zorder=5,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
            )
    axes.set_yticks(range(len(lanes)), lanes)
    axes.set_ylim(len(lanes) - 0.3, -0.5)
    axes.set_xlim(-0.6, columns - 0.3)
    axes.set_xticks([])
    axes.set_xlabel("steps, in the order in which they were recorded →")
    if crowded:
        # No room for words in the bars.
        handles = dict(zip(*reversed(axes.get_legend_handles_labels())))
        axes.legend(handles.values(), handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)

    numbers = {
        who: {"jobs": {}, "faults": [fault.note for fault in faults if fault.who == who]} for who in lanes
    }
    for one in operations:
        step = one.what if one.ended else f"{one.what} (no end)"
        numbers[one.who]["jobs"].setdefault(one.id or "-", []).append(step)
    rows = [("process", "job", "steps")]
    for who, told in numbers.items():
        rows += [(who, id, ", ".join(steps)) for id, steps in told["jobs"].items()]
        rows += [(who, "", fault) for fault in told["faults"]]
    return _finish(canvas, alt or _tell(numbers), numbers, rows)


def _tell(numbers, at_most=3):
    """The timeline in a sentence: the last few jobs of each process, the others counted."""
    told = []
    for who, lane in numbers.items():
        jobs = [f"{id} ({', '.join(steps)})" for id, steps in lane["jobs"].items()]
        if len(jobs) > at_most:
            jobs = [f"{len(jobs) - at_most} other jobs", *jobs[-at_most:]]
        told.append(f"{who}: {'; '.join(jobs + lane['faults']) or 'nothing'}")
    return f"Timeline, one lane for each process. {'. '.join(told)}."


@dataclass
class _Operation:
    who: str
    what: str
    id: str
    column: int
    until: int = 0
    ended: bool = False


@dataclass
class _Fault:
    who: str
    note: str
    column: int

    @property
    def mark(self):
        return MARKS.get(self.note.partition(" ")[0], OTHER_FAULT)


def _lane(who, operations, faults, columns):
    """A process's line in pieces (begin, end, whether it stands still meanwhile), from left to right."""
    begins = sorted(one.column for one in operations if one.who == who)
    at, pieces = -0.45, []
    for fault in sorted((one for one in faults if one.who == who), key=lambda one: one.column):
        pieces.append((at, fault.column, False))
        at = fault.column
        if not fault.mark.goes_on:
            return pieces
        if fault.mark.waits:
            at = next((begin for begin in begins if begin > fault.column), columns - 0.4)
            pieces.append((fault.column, at, True))
    return [*pieces, (at, columns - 0.4, False)]


def _read_history(records, only, lanes):
    """Bars and marks with their columns: each operation and each fault begins a column of its own."""
    records = sorted(records, key=lambda record: record["at"])
    operations, faults, running = [], [], {}
    for at, record in enumerate(records):
        who, what, phase = str(record["who"]), str(record["what"]), record["phase"]
        if phase == "fault":
            faults.append(_Fault(who, str(record.get("note") or what), at))
            if faults[-1].mark.goes_on:
                continue
            # What was running then has no end: its bar stops at the mark.
            for key in [key for key in running if key[0] == who]:
                running.pop(key).until = at
        elif phase == "start":
            running[who, what] = _Operation(who, what, _text(record.get("id")), at, len(records))
            operations.append(running[who, what])
        elif phase == "end" and (who, what) in running:
            one = running.pop((who, what))
            one.until, one.ended, one.id = at, True, one.id or _text(record.get("id"))
    operations = [one for one in operations if (one.id if only is None else one.what in only)]
    if lanes is None:
        lanes = sorted({one.who for one in operations + faults}, key=_by_number)
    operations = [one for one in operations if one.who in lanes]
    faults = [fault for fault in faults if fault.who in lanes]
    # From places in the history to columns: how many began before.
    begins = sorted(one.column for one in operations + faults)
    for one in operations:
        one.until = max(bisect.bisect_right(begins, one.until), bisect.bisect_right(begins, one.column)) - 1
    for one in operations + faults:
        one.column = bisect.bisect_left(begins, one.column)
    return lanes, operations, faults


# --- depth over time


@_plain
def depth(samples, title="Jobs waiting", alt=None, x="step", y="jobs waiting", marks=()):
    """How many are waiting, over time: one line, or several.

    samples: a list of depths (the axis counts steps), a list of (x, depth), or a mapping of such lists by
    name. x, y: what the axes count, with its unit. marks: (x, text) for what happened on the way.
    """
    series = samples if isinstance(samples, Mapping) else {"": samples}
    series = {str(name): _points(points) for name, points in series.items()}
    canvas, axes = _canvas(8, 3.4, title)
    styles = [(BLUE, "-", "o"), (ORANGE, "--", "s"), (GREEN, ":", "^"), (PINK, "-.", "D")]
    top = max((value for points in series.values() for _, value in points), default=0)
    ends = []
    for (name, points), (colour, line, marker) in zip(series.items(), styles * len(series)):
        if not points:
            continue
        xs, ys = zip(*points)
        every = max(1, len(points) // 12)
        axes.plot(
            xs,
            ys,
            color=colour,
            linestyle=line,
            linewidth=2,
            marker=marker,
            markevery=every,
            markersize=5,
            clip_on=False,
            zorder=3,
        )
        ends.append((ys[-1], name, colour, xs[-1]))
    _label_ends(axes, ends, top)
    for at, text in marks:
        # No cross: that is a killed process, and a spike that begins is none.
        axes.axvline(at, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.annotate(
            text,
            (at, 1),
            xycoords=("data", "axes fraction"),
            xytext=(4, -4),
            textcoords="offset points",
            color=INK,
            fontsize=9,
            fontweight="bold",
            va="top",
        )
    axes.set_ylim(0, max(top * (1.28 if marks else 1.12), 1))
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.yaxis.set_major_formatter(_tick)
    axes.grid(axis="y", color="#E5E5E5")
    axes.set_axisbelow(True)

    numbers = {
        name or y: {
            "samples": len(points),
            "first": points[0][1],
            "peak": max(value for _, value in points),
            "last": points[-1][1],
        }
        for name, points in series.items()
        if points
    }
    rows = [("", "samples", "first", "peak", "last")] + [
        (name, *row.values()) for name, row in numbers.items()
    ]
    if alt is None:
        told = "; ".join(
            f"{name} from {row['first']} to {row['last']}, at most {row['peak']}"
            for name, row in numbers.items()
        )
        alt = f"{title} over time: {told or 'nothing'}." + "".join(f" Marked: {text}." for _, text in marks)
    return _finish(canvas, alt, numbers, rows)


def _points(points):
    points = list(points)
    if points and not isinstance(points[0], (tuple, list)):
        points = list(enumerate(points))
    return points


def _label_ends(axes, ends, top):
    """Names at the right ends of lines, pushed apart where the lines end close together."""
    gap, last = max(top, 1) * 0.09, None
    for value, name, colour, x in sorted(ends):
        at = max(value, gap / 2) if last is None else max(value, last + gap)
        last = at
        axes.annotate(
            name,
            (x, at),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=DARKER[colour],
            fontsize=10,
            fontweight="bold",
            annotation_clip=False,
        )


# --- response times, before and after


def response_times(before, after, title="Response times", alt=None, names=("before", "after"), unit="ms"):
    """p50, p95 and p99 of two lists of measured times, side by side, on a logarithmic axis when they lie far
    apart.

    unit: that of the times, "ms" for milliseconds.
    """
    numbers = {
        f"p{percent}": {names[0]: percentile(before, percent), names[1]: percentile(after, percent)}
        for percent in (50, 95, 99)
    }
    if alt is None:
        told = []
        for name, row in numbers.items():
            change = (
                "lower"
                if row[names[1]] < row[names[0]]
                else "higher"
                if row[names[1]] > row[names[0]]
                else "the same"
            )
            told.append(f"{change} at {name}")
        alt = f"{title} as pairs of bars, {names[0]} and {names[1]}: {names[1]} is {', '.join(told)}."
    return bars(numbers, title=title, alt=alt, unit=unit, x="percentile of the times", y=f"time in {unit}")


def percentile(times, percent):
    """The smallest of the times that `percent` in a hundred do not exceed (nearest rank: a time that was
    really measured)."""
    ordered = sorted(times)
    if not ordered:
        raise ValueError("no times were measured")
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


# --- bars: anything counted per something


@_plain
def bars(table, title, alt=None, unit="", x="", y=None):
    """One bar for each row, or one for each of the row's columns: lag per partition, messages per service,
    with the value written on it.

    table: row -> number, or row -> {column: number}. unit: what is counted ("orders"), or measured in ("ms").
    x: what one row is ("partition"), written below the axis, because a row's name alone ("3") does not say it.
    y: the words beside the other axis, where the unit alone does not say what was measured.
    """
    table = {
        str(row): dict(cells) if isinstance(cells, Mapping) else {unit or "value": cells}
        for row, cells in table.items()
    }
    columns = list(dict.fromkeys(column for cells in table.values() for column in cells))
    canvas, axes = _canvas(8, 3.4, title)
    values = [value for cells in table.values() for value in cells.values()]
    low, high = min((v for v in values if v > 0), default=0), max(values, default=0)
    wide_apart = low > 0 and high / low > 30 and all(value > 0 for value in values)
    width = 0.8 / max(len(columns), 1)
    for number, column in enumerate(columns):
        colour, pattern = FILLS[number % len(FILLS)]
        xs = [
            place + (number - (len(columns) - 1) / 2) * width
            for place, cells in enumerate(table.values())
            if column in cells
        ]
        heights = [cells[column] for cells in table.values() if column in cells]
        axes.bar(
            xs, heights, width * 0.94, color=colour, hatch=pattern, edgecolor=INK, linewidth=0.8, label=column
        )
        for place, height in zip(xs, heights):
            axes.annotate(
                _number(height),
                (place, height),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=9,
            )
    if wide_apart:
        axes.set_yscale("log")
        axes.set_ylim(low / 3, high * 3)
    else:
        axes.set_ylim(0, high * 1.15 or 1)
    axes.yaxis.set_major_formatter(_tick)
    axes.set_xticks(range(len(table)), table)
    axes.set_xlabel(x)
    axes.set_ylabel((y or unit or "number") + (", logarithmic" if wide_apart else ""))
    if len(columns) > 1:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=10, handleheight=1.4)
    rows = [("", *columns)] + [
        (row, *(cells.get(column, "-") for column in columns)) for row, cells in table.items()
    ]
    if alt is None:
        told = "; ".join(
            f"{row}: " + ", ".join(_said(cells, column, columns) for column in cells)
            for row, cells in table.items()
        )
        each = f": {unit or 'a number'} for each {x}" if x else ""
        alt = f"{title}, as bars{each}. {told}."
    return _finish(canvas, alt, table, rows)


def _said(cells, column, columns):
    return _number(cells[column]) if len(columns) == 1 else f"{column} {_number(cells[column])}"


# --- bindings: which way a message goes


@_plain
def bindings(table, key, takes, exchange="events", title=None, alt=None):
    """An exchange, its bindings as lines with their patterns, and its queues; the lines that take a message with `key`
    are thick, the others broken.

    table: queue -> patterns. takes: a function of pattern and key that says whether the binding takes the message.
    """
    table = {str(queue): list(patterns) for queue, patterns in table.items()}
    taken = {queue: [bool(takes(pattern, key)) for pattern in patterns] for queue, patterns in table.items()}
    # A row for each binding, and half a row between two queues.
    rows, height = {}, 0.0
    for queue, patterns in table.items():
        rows[queue] = [height + number for number in range(max(len(patterns), 1))]
        height = rows[queue][-1] + 1.5
    middle = (height - 1.5) / 2
    title = title or f"Which way a message with the key {key} goes"
    canvas, axes = _canvas(8, 1.2 + 0.5 * max(height, 2), title)
    box = {"edgecolor": INK, "facecolor": "white", "boxstyle": "round,pad=0.5"}
    axes.text(0, middle, f"exchange\n{exchange}", ha="center", va="center", fontsize=10, color=INK, bbox=box, zorder=4)
    for queue, patterns in table.items():
        end = sum(rows[queue]) / len(rows[queue])
        for row, pattern, on in zip(rows[queue], patterns, taken[queue]):
            look = {"color": BLUE, "linewidth": 2.4} if on else {"color": GREY, "linewidth": 1.2, "linestyle": (0, (4, 3))}
            axes.plot([0, 0.35, 0.65, 1], [middle, row, row, end], **look, zorder=2 if on else 1)
            axes.text(
                0.5, row, f"{pattern} ✓" if on else pattern, ha="center", va="center", fontsize=10, family="monospace",
                fontweight="bold" if on else "normal", color=DARKER[BLUE] if on else INK, zorder=3,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 2},
            )
        copies = "1 copy" if any(taken[queue]) else "no copy"
        axes.text(1, end, f"{queue}\n{copies}", ha="center", va="center", fontsize=10, color=INK, bbox=box, zorder=4)
    axes.set_xlim(-0.16, 1.18)
    axes.set_ylim(max(height - 0.9, 0.6), -0.6)
    axes.set_axis_off()

    numbers = {queue: {"bindings": dict(zip(table[queue], taken[queue])), "copies": int(any(taken[queue]))} for queue in table}
    lines = [("queue", "pattern", f"takes {key}")] + [
        (queue, pattern, "yes" if on else "no") for queue in table for pattern, on in zip(table[queue], taken[queue])
    ]
    if alt is None:
        told = [
            f"{queue} gets {numbers[queue]['copies'] or 'no'} {'copies' if not numbers[queue]['copies'] else 'copy'} ("
            + ", ".join(f"{pattern} {'takes it' if on else 'does not'}" for pattern, on in numbers[queue]["bindings"].items())
            + ")"
            for queue in table
        ]
        alt = f"{title}: lines from the exchange {exchange} to its queues. {'; '.join(told)}."
    return _finish(canvas, alt, numbers, lines)


# --- drawing


def _signs():
    """A marker that is a character is written between `$`, which `_plain` has switched off for all texts."""
    import matplotlib

    return matplotlib.rc_context({"text.parse_math": True})


def _canvas(width, height, title):
    """A figure of its own: nothing of pyplot's global state, so that drawing leaves a notebook as it was."""
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(width, height), dpi=144, facecolor="white", layout="constrained")
    canvas.get_layout_engine().set(w_pad=0.1, h_pad=0.1)  # inches: the white ends at some distance, in a dark theme
    axes = canvas.subplots()
    axes.set_title(textwrap.fill(title, 80), loc="left", fontsize=12, color=INK)
    axes.tick_params(labelsize=10, colors=INK, length=3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GREY)
    return canvas, axes


def _finish(canvas, alt, numbers, rows):
    buffer = io.BytesIO()
    canvas.savefig(
        buffer, format="png", metadata={"Software": None}
    )  # no version and no date: the same data, the same bytes
    return Figure(alt, numbers, rows, buffer.getvalue(), width=int(canvas.get_figwidth() * 95))


def _text(id):
    return "" if id is None else str(id)


def _by_number(name):
    """ "worker 10" stands behind "worker 9"."""
    head, _, tail = name.rpartition(" ")
    return (head, int(tail), "") if tail.isascii() and tail.isdigit() else (name, -1, name)


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) or value == "-"


def _tick(value, _position):
    return _number(int(value) if value == int(value) else value)


def _number(value):
    """A number as people read it: three significant digits for a measured one, all digits for a count."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
