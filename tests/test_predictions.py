"""Predictions are sealed, compared and scored, and never block. (98 is no lab: nobody knows how many values it expects.)"""

import pytest

from workbook import exercises, predictions, progress


@pytest.fixture(autouse=True)
def a_new_kernel(monkeypatch):
    """Nothing is sealed, known, registered or solved."""
    for kept in ("_sealed", "_compared"):
        monkeypatch.setattr(predictions, kept, {})
    monkeypatch.setattr(predictions, "_known", set())
    monkeypatch.setattr(exercises, "_registered", {})
    monkeypatch.setattr(progress, "_of_this_process", {})


def said(capsys):
    return capsys.readouterr().out.strip().splitlines()


@pytest.mark.parametrize("blank", [(...,), (..., 2), ({"lost": ...},), ([],), ({},)])
def test_an_untouched_blank_is_no_prediction(blank, capsys):
    predictions.predict("15.p1", *blank)
    predictions.happened("15.p1", 3)
    predictions.score()
    assert said(capsys) == [
        "15.p1 · no prediction yet: replace the ... and run this cell before the next one",
        "15.p1 · not predicted; it was 3",
        "predictions: none made",
    ]


def test_a_right_prediction_is_said_and_scored(capsys):
    predictions.predict("98.p1", "lost")
    predictions.happened("98.p1", "Lost")
    predictions.score()
    assert said(capsys) == ["98.p1 · sealed", "98.p1 · it was Lost: as you predicted", "predictions: 1 of 1 right"]


def test_each_part_of_a_prediction_counts(capsys):
    predictions.predict("15.p1", 0, 1, 1, 1)
    predictions.happened("15.p1", 0, 1, 1, 2)
    predictions.predict("15.p2", first="a", second="b")
    predictions.happened("15.p2", first="a", second="c")
    predictions.score()
    assert said(capsys) == [
        "15.p1 · sealed",
        "15.p1 · it was 0, 1, 1, 2: you predicted 0, 1, 1, 1 (3 of 4 right)",
        "15.p2 · sealed",
        "15.p2 · it was first a, second c: you predicted first a, second b (1 of 2 right)",
        "predictions: 4 of 6 values right, in 2 predictions",
    ]


def test_values_without_names_are_matched_in_order(capsys):
    predictions.predict("34.p2", 8, 4)
    predictions.happened("34.p2", end=8, records=4)
    assert said(capsys)[-1] == "34.p2 · it was end 8, records 4: as you predicted (2 of 2 right)"


def test_a_prediction_of_another_shape_is_wrong_and_no_error(capsys):
    for guess in (7, "seven", [1], {"a": 1}, None):
        predictions.begin("98")
        predictions.predict("98.p1", guess)
        predictions.happened("98.p1", 0, 1)
        predictions.happened("98.p1", a=2)
    predictions.score()
    assert said(capsys)[-1] == "predictions: 0 of 1 right"


def test_how_a_value_is_written_does_not_matter(capsys):
    predictions.predict("98.p2", "Order 2", "2", "false")
    predictions.happened("98.p2", "order 2", 2, False)
    assert said(capsys)[-1].endswith("as you predicted (3 of 3 right)")


def test_too_few_values_are_counted(capsys):
    predictions.predict("98.p1", 0, 1)
    predictions.happened("98.p1", 0, 1, 1, 2)
    assert said(capsys)[-1].endswith("you predicted 0, 1, 2 of 4 values (2 of 4 right)")


def test_a_changed_mind_counts_once_and_last(capsys):
    for guess in (1, 2):
        predictions.predict("98.p1", guess)
    predictions.happened("98.p1", 2)
    predictions.score()
    assert said(capsys)[-1] == "predictions: 1 of 1 right"


def fits_not(number, expected, made):
    is_ = "1 value is" if expected == 1 else f"{expected} values are"
    return (
        f"{number} · not sealed: {is_} expected, and you gave {made}; change this cell and run it before the next one"
    )


@pytest.mark.parametrize(
    ("number", "values", "expected"),
    [("15.p1", (0, 1), 4), ("15.p1", (0, 1, 1, 2, 2), 4), ("15.p1", ("0, 1, 1, 2",), 4), ("13.p1", (1, 2), 1)],
)
def test_another_number_of_values_is_told_when_it_is_sealed(number, values, expected, capsys):
    predictions.predict(number, *values)
    predictions.happened(number, *range(expected))
    assert said(capsys)[0] == fits_not(number, expected, len(values))
    assert not predictions._sealed and not predictions._compared, "it neither blocks nor counts"


def test_a_misfit_takes_the_place_of_what_was_sealed(capsys):
    predictions.predict("15.p1", 0, 1, 1, 2)
    predictions.predict("15.p1", 0, 1)
    predictions.happened("15.p1", 0, 1, 1, 2)
    assert said(capsys) == ["15.p1 · sealed", fits_not("15.p1", 4, 2), "15.p1 · not predicted; it was 0, 1, 1, 2"]


def test_values_in_a_list_or_with_names_are_counted_one_by_one(capsys):
    predictions.predict("15.p1", [0, 1, 1, 2])
    predictions.predict("15.p2", returned="order 2", held=2)
    assert said(capsys) == ["15.p1 · sealed", "15.p2 · sealed"]


def test_the_source_of_every_lab_tells_how_many_values_are_expected():
    from workbook import paths
    from workbook.builder import sources

    for lab in sources.read_all(paths.ROOT):
        for number in [number for cell in lab.code_cells for number in cell.numbers_given_to("predict")]:
            assert predictions._expected(number), f"{number}: python3 -m workbook build {lab.number}"


def test_what_happened_is_known_and_no_other_prediction_is_taken(capsys):
    predictions.predict("98.p1", 1, 1)
    predictions.happened("98.p1", 1, 2)
    predictions.predict("98.p1", 1, 2)
    predictions.happened("98.p1", 1, 2)
    predictions.score()
    assert said(capsys)[2:] == [
        "98.p1 · not sealed: it was sealed as 1, 1, and what happened is known by now",
        "98.p1 · it was 1, 2: you predicted 1, 1 (1 of 2 right)",
        "predictions: 1 of 2 values right, in 1 prediction",
    ]


def test_who_let_it_happen_first_has_predicted_nothing(capsys):
    predictions.predict("98.p1", ...)
    predictions.happened("98.p1", 2)
    predictions.predict("98.p1", 2)
    predictions.score()
    assert said(capsys)[2:] == [
        "98.p1 · not sealed: nothing was predicted before, and what happened is known by now",
        "predictions: none made",
    ]


def test_a_blank_afterwards_does_not_open_it_again(capsys):
    predictions.predict("98.p1", 1)
    predictions.happened("98.p1", 2)
    predictions.predict("98.p1", ...)
    predictions.predict("98.p1", 2)
    assert said(capsys)[-1] == "98.p1 · not sealed: it was sealed as 1, and what happened is known by now"


@pytest.mark.parametrize("guess", [(1,), (...,), (1, 2)])
def test_cells_that_run_again_say_the_same_from_there_and_from_the_top(guess, capsys):
    def cells():
        predictions.predict("13.p1", *guess)
        predictions.happened("13.p1", 2)
        predictions.score()
        return said(capsys)

    first = cells()
    if guess == (1,):
        assert cells() == first, "the same prediction once more"
    predictions.begin("13")
    assert cells() == first


def test_a_lab_that_is_begun_again_forgets_its_own_predictions_only():
    for number in ("15.p1", "15.p2", "98.p1"):
        predictions.predict(number, *[0] * (predictions._expected(number) or 1))
        predictions.happened(number, 0)
    predictions.begin("15")
    assert set(predictions._sealed) == set(predictions._compared) == predictions._known == {"98.p1"}


def test_the_score_lists_the_exercises_that_this_kernel_knows(capsys):
    exercises.exercise("15.1")(None)
    predictions.score()
    progress.attempted("15.1", "PASS")
    progress.attempted("15.2", "WRONG")
    progress.seen("15.3")
    predictions.score()
    assert said(capsys) == [
        "predictions: none made",
        "exercises: 15.1 take open, 15.2 finish open, 15.3 Leases open",
        "predictions: none made",
        "exercises: 15.1 take solved, 15.2 finish open, 15.3 Leases seen",
    ]


def test_where_progress_is_kept_the_score_lists_it(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("WORKBOOK_PROGRESS")
    monkeypatch.setattr(progress, "STATE", tmp_path)
    monkeypatch.setattr(progress, "FILE", tmp_path / "progress.json")
    progress.attempted("15.2", "PASS")
    exercises.exercise("15.1")(None)
    predictions.score()
    assert said(capsys)[-1] == "exercises: 15.1 take open, 15.2 finish solved, 15.3 Leases open"
