"""Progress: what counts as solved, seen and open, and that nothing is lost between notebooks."""

import json
import multiprocessing

import pytest

from workbook import progress


@pytest.fixture(autouse=True)
def own_file(tmp_path, monkeypatch):
    """A progress file of the test's own; the learner's is switched off for all tests."""
    monkeypatch.delenv("WORKBOOK_PROGRESS")
    monkeypatch.setattr(progress, "STATE", tmp_path)
    monkeypatch.setattr(progress, "FILE", tmp_path / "progress.json")


def state(number):
    return progress._read().get(number, {})


def test_a_pass_solves_and_stays(own_file):
    progress.attempted("15.1", "WRONG")
    progress.attempted("15.1", "PASS")
    progress.attempted("15.1", "WRONG")
    assert state("15.1") == {"attempts": 3, "state": "solved"}


def test_what_was_revealed_is_seen_and_never_solved(own_file):
    progress.seen("15.1")
    progress.attempted("15.1", "PASS")
    assert state("15.1")["state"] == "seen"


def test_revealing_after_solving_takes_nothing_away(own_file):
    progress.attempted("15.1", "PASS")
    progress.seen("15.1")
    assert state("15.1")["state"] == "solved"


@pytest.mark.parametrize("word", ["NOT ATTEMPTED", "BROKER DOWN", "CANNOT TELL"])
def test_what_was_no_attempt_does_not_count(word):
    progress.attempted("15.1", word)
    assert state("15.1") == {}


def test_the_report_names_what_is_next(own_file):
    progress.attempted("00.1", "PASS")
    progress.hinted("15.1", 2)
    progress.attempted("15.1", "WRONG")
    text = progress.report()
    assert "00.1" in text and "solved (1 try)" in text
    assert "15.1 take: open (1 try, 2 hints)" in text
    assert text.splitlines()[-1] == "next: 11.1", "the first that is neither solved nor seen, in the labs' order"


def test_a_damaged_file_is_begun_anew(own_file):
    progress.FILE.write_text("{half", "utf-8")
    progress.attempted("15.1", "PASS")
    assert json.loads(progress.FILE.read_text("utf-8"))["15.1"]["state"] == "solved"


def _try_many(state_folder, number):
    progress.STATE, progress.FILE = state_folder, state_folder / "progress.json"
    for _ in range(50):
        progress.attempted(number, "WRONG")


def test_two_notebooks_at_once_lose_nothing(tmp_path):
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=_try_many, args=(tmp_path, "15.1")) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(30)
    assert state("15.1")["attempts"] == 100
