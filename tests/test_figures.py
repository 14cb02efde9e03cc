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
from workbook.figures import bars, depth, percentile, response_times, timeline


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


FIGURES = {
    "timeline": lambda: timeline(crash()),
    "depth": lambda: depth([0, 50, 200, 80, 0], marks=[(2, "worker 2 killed")]),
    "depths": lambda: depth({"one worker": [0, 200, 100], "two workers": [0, 200, 0]}),
    "response_times": lambda: response_times([10, 20, 30], [1, 2, 3]),
    "bars": lambda: bars({"partition 0": 12, "partition 1": 0}, title="Lag per partition", unit="records"),
    "grouped bars": lambda: bars(
        {"orders": {"got": 12, "lost": 3}, "mail": {"got": 15}}, title="What each got"
    ),
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
