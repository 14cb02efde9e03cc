"""Predictions are sealed, compared and scored, and never block."""

import pytest

from workbook import predictions


@pytest.fixture(autouse=True)
def nothing_sealed():
    predictions._sealed.clear()
    predictions._compared.clear()
    yield
    predictions._sealed.clear()
    predictions._compared.clear()


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
    predictions.predict("15.p1", "lost")
    predictions.happened("15.p1", "Lost")
    predictions.score()
    assert said(capsys) == ["15.p1 · sealed", "15.p1 · it was Lost: as you predicted", "predictions: 1 of 1 right"]


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
        predictions.predict("15.p1", guess)
        predictions.happened("15.p1", 0, 1)
        predictions.happened("15.p1", a=2)
    predictions.score()
    assert said(capsys)[-1] == "predictions: 0 of 1 right"


def test_how_a_value_is_written_does_not_matter(capsys):
    predictions.predict("15.p2", "Order 2", "2", "false")
    predictions.happened("15.p2", "order 2", 2, False)
    assert said(capsys)[-1].endswith("as you predicted (3 of 3 right)")


def test_too_few_values_are_counted(capsys):
    predictions.predict("15.p1", 0, 1)
    predictions.happened("15.p1", 0, 1, 1, 2)
    assert said(capsys)[-1].endswith("you predicted 0, 1, 2 of 4 values (2 of 4 right)")


def test_a_changed_mind_counts_once_and_last(capsys):
    predictions.predict("15.p1", 1)
    predictions.happened("15.p1", 2)
    predictions.predict("15.p1", 2)
    predictions.happened("15.p1", 2)
    predictions.score()
    assert said(capsys)[-1] == "predictions: 1 of 1 right"
