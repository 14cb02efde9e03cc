"""The soak counts what it saw: resumed, begun anew when a source changes, a wrong verdict kept with its text."""

import json
import signal

import psutil
import pytest
from processes import Program

from workbook import soak
from workbook.soak import Burners, Item, Tally, repeat
from workbook.trouble import Trouble


@pytest.fixture
def tally(tmp_path):
    return Tally(tmp_path)


@pytest.fixture
def source(tmp_path):
    """A file that items depend on."""
    path = tmp_path / "check.py"
    path.write_text("first")
    return path


def item(source, key="15.1 take", runs=4, results=None):
    """An item whose runs give `results` in turn, and then nothing wrong."""
    left = list(results or [])
    return Item(key, (source,), runs, lambda: left.pop(0) if left else None)


def counts(tally, *every):
    return [(tally.of(one)["runs"], tally.of(one)["busy"], tally.of(one)["wrong"]) for one in every]


def test_every_item_gets_its_runs_a_third_of_them_busy(tally, source):
    every = [item(source, runs=6), item(source, "15.2 finish", runs=3)]
    repeat(every, tally, quiet=True)
    assert counts(tally, *every) == [(6, 2, 0), (3, 1, 0)]


@pytest.mark.parametrize(("busy", "expected"), [("always", 2), ("never", 0)])
def test_busy_always_and_never(tally, source, busy, expected):
    one = item(source, runs=2)
    repeat([one], tally, busy=busy, quiet=True)
    assert counts(tally, one) == [(2, expected, 0)]


def test_it_goes_on_where_it_ended(tally, source, tmp_path):
    repeat([item(source, runs=2)], tally, quiet=True)
    again = Tally(tmp_path)
    called = []
    one = Item("15.1 take", (source,), 5, lambda: called.append(1))
    repeat([one], again, quiet=True)
    assert len(called) == 3 and counts(again, one) == [(5, 1, 0)]


def test_no_time_left_means_no_run(tally, source):
    one = item(source)
    repeat([one], tally, limit=-1, quiet=True)
    assert counts(tally, one) == [(0, 0, 0)]


def test_a_changed_source_begins_anew_for_what_depends_on_it(tally, source, tmp_path):
    other = tmp_path / "other.py"
    other.write_text("other")
    every = [item(source, runs=2), item(other, "24.1 publish", runs=2)]
    repeat(every, tally, quiet=True)
    source.write_text("second")
    assert counts(tally, *every) == [(0, 0, 0), (2, 0, 0)]


def test_a_source_that_changes_meanwhile_ends_it(tally, source):
    one = Item("15.1 take", (source,), 3, lambda: source.write_text("second") and None)
    with pytest.raises(Trouble, match="a source of 15.1 take has changed while the soak ran: start it again to go on"):
        repeat([one], tally, quiet=True)


def test_a_wrong_verdict_is_counted_and_its_text_kept(tally, source, capsys):
    one = item(source, runs=3, results=[None, "15.1 take · WRONG ✗\n  lost: 1 of 5 jobs"])
    repeat([one], tally, quiet=True)
    assert counts(tally, one) == [(3, 1, 1)]
    [kept] = tally.texts.glob("*.txt")
    assert kept.name.startswith("15.1-take-")
    assert kept.read_text("utf-8").startswith("15.1 take, run 2, after ")
    assert "lost: 1 of 5 jobs" in kept.read_text("utf-8")
    assert "lost: 1 of 5 jobs" in capsys.readouterr().out
    assert tally.table([one])[1].endswith("<- WRONG")


def test_half_a_tally_is_no_tally(tally, source):
    tally.file.write_text('{"15.1 take": {"ru')
    one = item(source, runs=1)
    repeat([one], tally, quiet=True)
    assert counts(tally, one) == [(1, 0, 0)]
    assert set(json.loads(tally.file.read_text())) == {"15.1 take"}


def test_burners_burn_and_end():
    burners = Burners()
    burners.switch(True)
    burning = [psutil.Process(process.pid) for process in burners._processes]
    burners.switch(True)
    assert [process.pid for process in burning] == [process.pid for process in burners._processes]
    burners.switch(False)
    assert burning and not any(process.is_running() for process in burning)


def test_the_words_of_the_command():
    chosen = soak.options("--until 90s --only 15.1 24 --busy never --runs=7 --all-wrong".split())
    assert (chosen["until"], chosen["only"], chosen["busy"], chosen["runs"], chosen["all_wrong"]) == (
        90, ["15.1", "24"], "never", 7, True
    )
    assert [soak.seconds(text) for text in ("60m", "2h")] == [3600, 7200]
    for words, said in (
        (["--until", "soon"], "--until soon is no duration: write 90s, 60m or 2h"),
        (["--busy", "often"], "--busy often is none of third, always and never"),
        (["--runs", "0"], "--runs 0 is no number from 1 on"),
        (["--until"], "soak does not know '--until'"),
        (["15.1"], "soak does not know '15.1'"),
    ):
        with pytest.raises(Trouble) as refused:
            soak.options(words)
        assert str(refused.value).startswith(said)


def test_what_is_repeated():
    keys = [one.key for one in soak.items(["15"])]
    assert "15.1 take" in keys and "labs/15-crashes.ipynb" in keys and "solutions/15-crashes.ipynb" in keys
    assert all(key.startswith(("15.", "labs/15-", "solutions/15-")) for key in keys)
    assert [one.key.split()[1] for one in soak.items(["15.2"])] == ["finish", "wrong:"]
    assert len(soak.items(["15.2"], all_wrong=True)) > 4
    with pytest.raises(Trouble, match="there is no exercise 15.9"):
        soak.items(["15.9"])


SOAK = '''
import sys
from pathlib import Path
from workbook import soak
source = Path(sys.argv[1]) / "source"
source.write_text("1")
expectation = Path(sys.argv[2])
soak.items = lambda only, runs, all_wrong: [
    soak.Item("15.2 wrong", (source,), runs, lambda: soak.judge_wrong("15.2", expectation)),
]
sys.exit(soak.main(["--runs", "2", "--busy", "never"], soak.Tally(Path(sys.argv[1]))))
'''


@pytest.mark.parametrize(("header", "status"), [("WRONG\n    says: finish returned None", 0), ("WRONG lost", 1)])
def test_the_exit_status_tells_whether_a_verdict_was_wrong(tmp_path, shared_brokers, header, status):
    answer = tmp_path / "returns_nothing.py"
    answer.write_text(
        f'"""Returns nothing.\n\n    expects: {header}\n"""\n\n\ndef finish(r, worker, raw):\n'
        '    r.lrem(f"processing:{worker}", 1, raw)\n'
    )
    with Program(SOAK, tmp_path, answer) as program:
        ended, said, complained = program.end(120)
    assert (ended, complained) == (status, ""), said
    assert f"2 runs, {2 * status} wrong" in said
    assert len(list(tmp_path.glob("soak/*.txt"))) == 2 * status


ENDLESS = '''
import sys
from pathlib import Path
from workbook import soak
source = Path(sys.argv[1]) / "source"
source.write_text("1")

def run():
    print("ran")

soak.items = lambda only, runs, all_wrong: [soak.Item("15.2 finish", (source,), runs, run)]
sys.exit(soak.main(["--runs", "1000000"], soak.Tally(Path(sys.argv[1]))))
'''


def test_an_interrupt_ends_it_with_the_tally(tmp_path):
    with Program(ENDLESS, tmp_path) as program:
        for _ in range(5):
            assert program.line() == "ran"
        burning = psutil.Process(program.process.pid).children(recursive=True)
        program.process.send_signal(signal.SIGINT)
        status, said, complained = program.end()
    assert (status, complained) == (0, "")
    assert "interrupted; the next soak goes on from here" in said
    assert said.splitlines()[-1].endswith("runs are still to be done")
    assert json.loads((tmp_path / "soak.json").read_text())["15.2 finish"]["runs"] >= 4
    assert not any(process.is_running() for process in burning)
