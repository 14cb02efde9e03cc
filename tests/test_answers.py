"""Every exercise gets its verdicts right: wrong answers theirs, right answers PASS, a blank NOT ATTEMPTED.

The answers run on the real brokers. Verdict times are shown in the summary; only a generous deadline is
asserted.
"""

import ast

import pytest

from workbook import exercises, paths
from workbook.builder import answers, notebooks, sources, stripping, validation

LABS = {lab.number: lab for lab in sources.read_all(paths.ROOT)}
if validation.quick():
    LABS = {number: lab for number, lab in LABS.items() if validation.wanted(lab.lab_path)}
EXERCISES = {
    number: one
    for lab in LABS.values()
    for number, one in exercises.exercises_of(lab.number).items()
    if number in lab.exercise_cells()  # `build --check` complains about the others
}
DEADLINE = 60
"""Seconds. No verdict's budget is above 20; this only ends what hangs."""


def wrong_answers():
    for number in EXERCISES:
        found = answers.files(paths.ROOT, "wrong", number)
        for path in found[:1] if validation.quick() else found:
            yield pytest.param(number, path, id=f"{number}-{path.stem}")


def right_answers():
    for number in EXERCISES:
        for path in answers.files(paths.ROOT, "right", number):
            yield pytest.param(number, path, id=f"{number}-{path.stem}")


def unsolved_cell(number):
    """The source of the exercise's cell in the built lab."""
    lab = LABS[number.split(".")[0]]
    identity = lab.exercise_cells()[number].id
    return next(cell.source for cell in notebooks.read(lab.lab_path).cells if cell.id == identity)


def emptied(number):
    """The exercise's cell with nothing useful in its blank: (what stands there, source)."""
    source = unsolved_cell(number)
    for filling in ("pass", "return None", "nothing", "None", "{}", "[]"):
        filled = source.replace(stripping.BLANK, "" if filling == "nothing" else filling)
        try:
            compile(filled, number, "exec")
        except SyntaxError:
            continue  # `return` outside a function, `pass` where a value is due
        yield filling, filled
        if filling == "nothing":
            return  # the blank is a body, and a value alone in a body does the same


def untouched_and_empty():
    for number in EXERCISES:
        yield pytest.param(number, unsolved_cell(number), {"NOT ATTEMPTED"}, id=f"{number}-untouched")
        for what, source in emptied(number):
            yield pytest.param(number, source, set(answers.WORDS) - {"PASS"}, id=f"{number}-{what}")


def loaded_cell(number, source):
    """What a lab's cell defines, run as in the notebook: with the lab's imports and what it taught before."""
    lab = LABS[number.split(".")[0]]
    known = {"exercise": lambda number: lambda answer: answer}
    for cell in lab.code_cells:
        imports = [node for node in cell.tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
        for node in imports:
            if "exercise" not in ast.unparse(node):
                exec(ast.unparse(node), known)
    taught = __import__(f"workbook.taught.lab{lab.number}", fromlist=["*"])
    title = EXERCISES[number].title
    own = {name for name in vars(taught) if name.startswith("__")}
    known = {**{name: value for name, value in vars(taught).items() if name not in {*own, title}}, **known}
    return answers.load(source, known).get(title)


def judged(number, answer, verdict_seconds):
    """The verdict, after what must hold for every verdict was asserted."""
    verdict = exercises.verdict_of(number, answer)
    verdict_seconds(number, verdict.seconds)
    assert verdict.number == number
    assert verdict.word in answers.WORDS
    assert "Traceback (most recent call last)" not in verdict.text
    assert "ipykernel_" not in verdict.text and str(paths.ROOT) not in verdict.text
    assert verdict.seconds < DEADLINE
    return verdict


@pytest.mark.parametrize(("number", "path"), list(wrong_answers()))
def test_a_wrong_answer_gets_its_own_verdict(number, path, shared_brokers, verdict_seconds):
    expected = answers.expected(path)
    verdict = judged(number, answers.load_file(path, EXERCISES[number].title), verdict_seconds)
    reported = {anomaly.name for anomaly in verdict.anomalies}
    assert verdict.word == expected.word, verdict.text
    assert expected.anomalies <= reported, verdict.text
    assert reported <= expected.anomalies | expected.possible, verdict.text
    for fragment in expected.says:
        assert fragment in verdict.text


@pytest.mark.parametrize(("number", "path"), list(right_answers()))
def test_another_right_answer_passes(number, path, shared_brokers, verdict_seconds):
    verdict = judged(number, answers.load_file(path, EXERCISES[number].title), verdict_seconds)
    assert verdict.word == "PASS", verdict.text


@pytest.mark.parametrize("number", EXERCISES)
def test_the_reference_passes(number, shared_brokers, verdict_seconds):
    lab = LABS[number.split(".")[0]]
    source = stripping.without_markers(lab.exercise_cells()[number].source)
    verdict = judged(number, loaded_cell(number, source), verdict_seconds)
    assert verdict.word == "PASS", verdict.text


@pytest.mark.parametrize("number", EXERCISES)
def test_the_reference_handed_back_in_is_no_attempt(number, shared_brokers, verdict_seconds):
    verdict = judged(number, exercises.reference(number), verdict_seconds)
    assert verdict.word == "NOT ATTEMPTED", verdict.text


@pytest.mark.parametrize(("number", "source", "words"), list(untouched_and_empty()))
def test_a_blank_never_passes(number, source, words, shared_brokers, verdict_seconds):
    verdict = judged(number, loaded_cell(number, source), verdict_seconds)
    assert verdict.word in words, verdict.text


@pytest.mark.parametrize("number", EXERCISES)
def test_nothing_registered_is_no_attempt(number, shared_brokers, verdict_seconds):
    assert judged(number, None, verdict_seconds).word == "NOT ATTEMPTED"
