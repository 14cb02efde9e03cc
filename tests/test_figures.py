"""Figures: what is drawn is also said, in the alternative text and in a table with the same numbers."""

import io
import random
import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from workbook import figures
from workbook.faults import ACTIONS, Fault
from workbook.figures import bars, bindings, depth, percentile, response_times, timeline


class Tape:
    """Writes a history by hand, in the format of `workbook.history`."""

    def __init__(self):
        self.records = []

    def add(self, who, what, phase, id=None, note=None):
        entry = {"at": len(self.records), "who": who, "what": what, "phase": phase, "id": id, "note": note}
        self.records.append({key: value for key, value in entry.items() if value is not None})
        return self

    def do(self, who, what, id):
        return self.add(who, what, "start", id).add(who, what, "end", id)


def crash():
    tape = Tape()
    tape.do("worker 1", "BLMOVE", "order 6").do("worker 2", "BLMOVE", "order 7").do(
        "worker 1", "LREM", "order 6"
    )
    tape.add("worker 2", "LREM", "fault", note="killed before its LREM")
    return tape.do("worker 1", "BLMOVE", "order 8").add("worker 1", "LREM", "start", "order 8").records


def alike(pattern, key):
    return pattern.strip("#.") in key


FIGURES = {
    "timeline": lambda: timeline(crash()),
    "depth": lambda: depth([0, 50, 200, 80, 0], marks=[(2, "worker 2 killed")]),
    "depths": lambda: depth({"one worker": [0, 200, 100], "two workers": [0, 200, 0]}),
    "response_times": lambda: response_times([10, 20, 30], [1, 2, 3]),
    "bars": lambda: bars({"partition 0": 12, "partition 1": 0}, title="Lag per partition", unit="records"),
    "grouped bars": lambda: bars(
        {"orders": {"got": 12, "lost": 3}, "mail": {"got": 15}}, title="What each got"
    ),
    "bindings": lambda: bindings({"mail": ["order.placed"], "stock": ["#.nl", "order.#"]}, "order.nl", alike),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_an_image_with_alternative_text(name):
    figure = FIGURES[name]()
    page = figure._repr_html_()
    alt = re.fullmatch(
        r'<img alt="([^"]+)" src="data:image/png;base64,[A-Za-z0-9+/=]+" width="\d+" style="[^"]+">', page
    )
    assert alt and len(alt[1]) > 30
    assert figure._repr_mimebundle_()["text/plain"] == f"figure: {figure.alt}"
    image = Image.open(io.BytesIO(figure.png))
    assert image.width > 700 and image.height > 200
    assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert len(image.convert("RGB").getcolors(1 << 24)) > 5  # something is drawn
    assert len(figure.png) < 150_000


@pytest.mark.parametrize("name", FIGURES)
def test_the_same_data_gives_the_same_bytes(name):
    assert FIGURES[name]().png == FIGURES[name]().png


def test_the_alternative_text_of_the_author_is_kept_and_quoted():
    figure = timeline(crash(), alt='the "lost" job <7>')
    assert 'alt="the &quot;lost&quot; job &lt;7&gt;"' in figure._repr_html_()


def test_the_timeline_tells_each_process_its_jobs_and_the_fault():
    figure = timeline(crash())
    assert figure.numbers == {
        "worker 1": {
            "jobs": {"order 6": ["BLMOVE", "LREM"], "order 8": ["BLMOVE", "LREM (no end)"]},
            "faults": [],
        },
        "worker 2": {"jobs": {"order 7": ["BLMOVE"]}, "faults": ["killed before its LREM"]},
    }
    assert figure.table() == (
        "process   job      steps\n"
        "worker 1  order 6  BLMOVE, LREM\n"
        "worker 1  order 8  BLMOVE, LREM (no end)\n"
        "worker 2  order 7  BLMOVE\n"
        "worker 2           killed before its LREM"
    )
    assert figure.alt == (
        "Timeline, one lane for each process. worker 1: order 6 (BLMOVE, LREM); "
        "order 8 (BLMOVE, LREM (no end)). "
        "worker 2: order 7 (BLMOVE); killed before its LREM."
    )


def test_the_timelines_text_does_not_depend_on_how_processes_interleave():
    """Each process's own order is the same in every run; the order between them is not."""
    one, other = Tape(), Tape()
    for tape, order in ((one, "1212"), (other, "1122")):
        counts = {"1": 0, "2": 0}
        for worker in order:
            counts[worker] += 1
            tape.do(f"worker {worker}", "BLMOVE", f"order {worker}{counts[worker]}")
    first, second = timeline(one.records), timeline(other.records)
    assert (first.alt, first.table(), first.numbers) == (second.alt, second.table(), second.numbers)
    assert first.png != second.png


def test_an_operation_takes_its_id_from_its_end():
    """Who waits for a job does not know yet which it will be."""
    tape = Tape().add("worker 1", "BLMOVE", "start").add("worker 1", "BLMOVE", "end", "order 7")
    assert timeline(tape.records).numbers["worker 1"]["jobs"] == {"order 7": ["BLMOVE"]}


def test_what_concerns_no_job_is_drawn_only_when_asked_for():
    tape = (
        Tape()
        .add("worker 1", "worker", "start")
        .do("worker 1", "LREM", "order 7")
        .do("worker 2", "poll", None)
    )
    assert timeline(tape.records).numbers == {"worker 1": {"jobs": {"order 7": ["LREM"]}, "faults": []}}
    assert timeline(tape.records, only=["poll"]).numbers == {
        "worker 2": {"jobs": {"-": ["poll"]}, "faults": []}
    }


def test_bars_that_overlap_in_time_overlap_in_columns():
    """A begins, B begins and ends, A ends: A's bar spans B's column."""
    tape = Tape().add("A", "charge", "start", "1").do("B", "charge", "2").add("A", "charge", "end", "1")
    _, operations, _ = figures._read_history(tape.do("B", "charge", "3").records, None, None)
    assert [(one.id, one.column, one.until) for one in operations] == [("1", 0, 1), ("2", 1, 1), ("3", 2, 2)]


def test_an_operation_that_a_kill_interrupts_has_no_end():
    tape = (
        Tape().add("worker 1", "charge", "start", "order 7").add("worker 1", "charge", "fault", note="killed")
    )
    tape.do("worker 2", "charge", "order 7")
    assert timeline(tape.records).numbers["worker 1"] == {
        "jobs": {"order 7": ["charge (no end)"]},
        "faults": ["killed"],
    }


def test_only_and_lanes_choose_what_is_drawn():
    figure = timeline(crash(), only=["LREM"], lanes=["worker 1", "worker 3"])
    assert figure.numbers == {
        "worker 1": {"jobs": {"order 6": ["LREM"], "order 8": ["LREM (no end)"]}, "faults": []},
        "worker 3": {"jobs": {}, "faults": []},
    }
    assert (
        timeline(Tape().do("worker 10", "x", "1").do("worker 9", "x", "2").records).rows[1][0] == "worker 9"
    )


def test_a_long_history_is_still_told_in_short():
    tape = Tape()
    for number in range(40):
        tape.do("worker 1", "BLMOVE", f"order {number}").do("worker 2", "LREM", "order 1")
    figure = timeline(tape.records)
    assert "worker 1: 37 other jobs; order 37 (BLMOVE)" in figure.alt
    assert len(figure.table().splitlines()) == 42


def test_depth_says_first_peak_and_last():
    figure = depth({"one worker": [(0, 5), (1.5, 2000), (3, 7)], "two workers": []})
    assert figure.numbers == {"one worker": {"samples": 3, "first": 5, "peak": 2000, "last": 7}}
    assert (
        figure.table() == "            samples  first   peak  last\none worker        3      5  2,000     7"
    )
    assert figure.alt == "Jobs waiting over time: one worker from 5 to 7, at most 2000."
    assert "Marked: worker 2 killed." in FIGURES["depth"]().alt


def test_response_times_are_nearest_rank_percentiles():
    before, after = list(range(1, 201)), [0.5] * 100
    figure = response_times(before, after, names=("inline", "as a job"))
    assert figure.numbers == {
        "p50": {"inline": 100, "as a job": 0.5},
        "p95": {"inline": 190, "as a job": 0.5},
        "p99": {"inline": 198, "as a job": 0.5},
    }
    assert figure.table() == (
        "     inline  as a job\np50     100       0.5\np95     190       0.5\np99     198       0.5"
    )
    assert figure.alt.endswith("as a job is lower at p50, lower at p95, lower at p99.")
    assert not re.search(
        r"\d{3}|0\.5", figure.alt
    )  # measured numbers differ from run to run: they are in the table


@given(st.lists(st.floats(0, 1e6), min_size=1), st.integers(1, 99))
def test_a_percentile_is_a_measured_time_that_enough_others_do_not_exceed(times, percent):
    value = percentile(times, percent)
    assert value in times
    assert sum(time <= value for time in times) * 100 >= percent * len(times)
    assert sum(time < value for time in times) * 100 < percent * len(times)


def test_no_times_are_told():
    with pytest.raises(ValueError, match="no times"):
        response_times([], [1])


def test_a_table_has_a_dash_where_there_is_no_number():
    assert FIGURES["grouped bars"]().table() == "        got  lost\norders   12     3\nmail     15     -"
    assert FIGURES["bars"]().alt == "Lag per partition, as bars. partition 0: 12; partition 1: 0."


def test_bindings_say_which_take_the_message_and_that_two_of_them_make_one_copy():
    figure = FIGURES["bindings"]()
    assert figure.numbers["stock"] == {"bindings": {"#.nl": True, "order.#": True}, "copies": 1}
    assert figure.table().splitlines() == [
        "queue  pattern       takes order.nl",
        "mail   order.placed  no",
        "stock  #.nl          yes",
        "stock  order.#       yes",
    ]
    assert "mail gets no copies (order.placed does not); stock gets 1 copy" in figure.alt


@pytest.mark.parametrize("table", [{}, {"mail": []}, {"$a$": ["#"] * 9}])
def test_any_bindings_can_be_drawn(table):
    assert bindings(table, "a.b", alike).png.startswith(b"\x89PNG")


# What an axis says, and how a fault is drawn: read from the axes, before they are an image.


@pytest.fixture
def axes(monkeypatch):
    """The axes of the figures drawn in this test."""
    drawn, canvas = [], figures._canvas

    def watched(*arguments):
        drawn.append(canvas(*arguments)[1])
        return drawn[-1].figure, drawn[-1]

    monkeypatch.setattr(figures, "_canvas", watched)
    return drawn


def test_bars_say_what_a_bar_stands_for_and_what_is_counted(axes):
    lag = bars({"0": 12, "1": 3}, title="Lag", unit="records", x="partition")
    response_times([10, 20, 30], [1, 2, 3])
    bars({"a": 1, "b": 1000}, title="t")
    assert [(one.get_xlabel(), one.get_ylabel()) for one in axes] == [
        ("partition", "records"),
        ("percentile of the times", "time in ms"),
        ("", "number, logarithmic"),
    ]
    assert lag.alt == "Lag, as bars: records for each partition. 0: 12; 1: 3."


def faults(*notes):
    tape = Tape()
    for number, text in enumerate(notes):
        tape.do(f"worker {number}", "BLMOVE", "order 1").add(f"worker {number}", "charge", "fault", note=text)
    for number, _ in enumerate(notes):
        tape.do(f"worker {number}", "charge", "order 1")
    return tape.records


def test_each_kind_of_fault_has_a_mark_of_its_own(axes):
    """Told apart by shape, so without colour too, and by the text beside it; only death ends the line."""
    words = [str(Fault(action, "before", "charge")) for action in ACTIONS]
    assert len({word.split()[0] for word in words} & set(figures.MARKS)) == len(ACTIONS), "a fault without a mark"
    figure = timeline(faults(*words))
    (drawn,) = axes
    marks = [line for line in drawn.lines if line.get_marker() not in ("None", None)]
    assert len({mark.get_marker() for mark in marks}) == len(words)
    assert set(words) <= {text.get_text() for text in drawn.texts}
    assert all(word in figure.alt and word in figure.table() for word in words)
    ends = {row: max(max(line.get_xdata()) for line in drawn.lines if set(line.get_ydata()) == {row}) for row in range(4)}
    killed = next(row for row, word in enumerate(words) if word.startswith("killed"))
    assert [row for row, end in ends.items() if end < max(ends.values())] == [killed]


def test_the_line_of_a_process_that_stands_still_is_dotted_until_it_goes_on(axes):
    timeline(faults("held before its charge", "stopped before its charge"))
    dotted = [line for line in axes[0].lines if line.get_marker() == "None" and line.get_linestyle() not in ("-", "None")]
    assert [(set(line.get_ydata()), list(line.get_xdata())) for line in dotted] == [({0}, [1, 4])]


@pytest.mark.parametrize(("fault", "ends"), [("killed", False), ("held", True), ("frozen", True), ("stopped", True)])
def test_what_a_held_process_was_doing_may_still_end(fault, ends):
    tape = Tape().add("w", "charge", "start", "7").add("w", "LREM", "fault", note=f"{fault} before its LREM")
    steps = timeline(tape.add("w", "charge", "end", "7").records).numbers["w"]["jobs"]["7"]
    assert steps == (["charge"] if ends else ["charge (no end)"])


def test_what_is_marked_on_the_way_is_no_cross(axes):
    depth([1, 2, 3], marks=[(1, "spike begins")])
    assert "spike begins" in [text.get_text() for text in axes[0].texts]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["worker 1", "worker 2", "w"]),
            st.sampled_from(["BLMOVE", "charge", "LREM"]),
            st.sampled_from(["start", "end", "fault", "note"]),
            st.sampled_from([None, "order 7", "order $8\\nope$ & <b>"]),
        ),
        max_size=40,
    )
)
def test_any_history_can_be_drawn(steps):
    tape = Tape()
    for step in steps:
        tape.add(*step)
    random.Random(1).shuffle(tape.records)
    figure = timeline(tape.records)
    assert figure.png.startswith(b"\x89PNG")
    assert figure.table().startswith("process")


@pytest.mark.parametrize("samples", [[], {}, [0], [0, 0], {"": [3]}, [(0, 1e9)]])
def test_any_depths_can_be_drawn(samples):
    assert depth(samples).png.startswith(b"\x89PNG")


@pytest.mark.parametrize("table", [{}, {"a": 0}, {"a": 0.0001, "b": 1e6}, {"a": {}}])
def test_any_bars_can_be_drawn(table):
    assert bars(table, title="t").png.startswith(b"\x89PNG")


def test_drawing_is_silent_and_leaves_no_global_state(tmp_path):
    """The very first figure on a machine: matplotlib must not say that it builds its font cache."""
    code = (
        "import sys; from workbook import figures; assert 'matplotlib' not in sys.modules; "
        "figures.depth([1, 2]); "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        env={
            "MPLCONFIGDIR": str(tmp_path),
            "PATH": "",
            "PYTHONPATH": str(figures.__file__.rsplit("/", 2)[0]),
        },
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
