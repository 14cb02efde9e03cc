"""Predictions: said before the fault, sealed, compared with what happened. They never block anything."""

import importlib

_sealed = {}
_compared = {}
_known = set()
"""The points whose outcome was shown: what is said about them now is no prediction any more."""


def begin(lab):
    """Forget the predictions of a lab ("15") that is begun from the top: run again, it says the same again."""
    for kept in (_sealed, _compared):
        for number in [number for number in kept if _lab_of(number) == lab]:
            del kept[number]
    _known.difference_update([number for number in _known if _lab_of(number) == lab])


def predict(number, *values, **named):
    """Seal a prediction, before the cell that shows what happens: `predict("15.p1", "lost", "done once")`.

    An untouched blank (`...`) is no prediction, nor is another number of values than happen there, nor another mind
    after `happened` has told; each is said in a sentence, nothing is sealed then, and the lab goes on.
    """
    value = named if named else values[0] if len(values) == 1 else list(values)
    known = number in _known
    if not _given(value):
        if not known:
            _sealed.pop(number, None)
        print(f"{number} · no prediction yet: replace the ... and run this cell before the next one")
        return
    if known and number not in _sealed:
        print(f"{number} · not sealed: nothing was predicted before, and what happened is known by now")
        return
    # The same once more is a cell that was run again.
    if known and not _alike(value, _sealed[number]):
        print(f"{number} · not sealed: it was sealed as {_say(_sealed[number])}, and what happened is known by now")
        return
    expected, made = _expected(number), len(_parts(value))
    if expected is not None and made != expected:
        _sealed.pop(number, None)
        print(
            f"{number} · not sealed: {_count(expected)} {'is' if expected == 1 else 'are'} expected, and you gave {made}; "
            "change this cell and run it before the next one"
        )
        return
    _sealed[number] = value
    print(f"{number} · sealed")


def _lab_of(number):
    return str(number).split(".")[0]


def _expected(number):
    """How many values happen at this point, as the lab's source tells the builder; None when nobody knows."""
    try:
        taught = importlib.import_module(f"workbook.taught.lab{_lab_of(number)}")
    except ImportError:
        return None
    return getattr(taught, "PREDICTED", {}).get(number)


def _count(values):
    return f"{values} value" if values == 1 else f"{values} values"


def _alike(value, other):
    return type(value) is type(other) and value == other


def _given(value):
    if value is Ellipsis:
        return False
    if isinstance(value, (list, tuple)):
        return bool(value) and all(map(_given, value))
    if isinstance(value, dict):
        return bool(value) and all(map(_given, value.values()))
    return True


def happened(number, *values, **named):
    """Compare what happened with the sealed prediction and say both. From now on it is known, and no prediction is taken."""
    actual = named if named else values[0] if len(values) == 1 else list(values)
    _known.add(number)
    if number not in _sealed:
        print(f"{number} · not predicted; it was {_say(actual)}")
        return
    guess = _sealed[number]
    right, of = _agreement(guess, actual)
    _compared[number] = (right, of)
    word = "as you predicted" if right == of else f"you predicted {_say(guess)}"
    if len(_parts(guess)) != len(_parts(actual)):
        word += f", {len(_parts(guess))} of {len(_parts(actual))} values"
    print(f"{number} · it was {_say(actual)}: {word}" + (f" ({right} of {of} right)" if of > 1 else ""))


def _agreement(guess, actual):
    """(how many parts are right, of how many). Parts are matched by name where both have names, else in order."""
    if isinstance(actual, dict) and isinstance(guess, dict):
        return sum(_same(guess.get(key), value) for key, value in actual.items()), len(actual)
    if not isinstance(actual, (dict, list, tuple)):
        return int(_same(guess, actual)), 1
    parts, guesses = _parts(actual), _parts(guess)
    return sum(_same(a, b) for a, b in zip(guesses, parts)), len(parts)


def _parts(value):
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _same(guess, actual):
    # "2" and 2 look alike when they are shown, and a prediction is no spelling test.
    return guess == actual or str(guess).strip().lower() == str(actual).strip().lower()


def _say(value):
    if isinstance(value, dict):
        return ", ".join(f"{key} {_say(v)}" for key, v in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_say, value))
    return str(value)


def score():
    """How many of this notebook's predictions came true, and which of its exercises are solved, seen or open."""
    _score_predictions()
    exercises = _exercises()
    if exercises:
        print("exercises: " + ", ".join(exercises))


def _exercises():
    """The exercises of the labs that this kernel is at, with their states, as far as progress or this kernel knows."""
    from workbook import exercises, progress

    states = progress.states()
    labs = sorted({_lab_of(number) for number in exercises.registered()})
    return [
        f"{number} {found.title} {states.get(number, 'open')}"
        for lab in labs
        for number, found in exercises.exercises_of(lab).items()
    ]


def _score_predictions():
    right = sum(r for r, _ in _compared.values())
    of = sum(n for _, n in _compared.values())
    made = len(_compared)
    if not made:
        print("predictions: none made")
    elif made == of:
        print(f"predictions: {right} of {of} right")
    else:
        print(f"predictions: {right} of {of} values right, in {made} {'prediction' if made == 1 else 'predictions'}")
