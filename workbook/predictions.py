"""Predictions: said before the fault, sealed, compared with what happened. They never block anything."""

_sealed = {}
_compared = {}


def predict(number, *values, **named):
    """Seal a prediction, before the cell that shows what happens: `predict("15.p1", "lost", "done once")`.

    An untouched blank (`...`) is no prediction; it is said, and the lab goes on.
    """
    value = named if named else values[0] if len(values) == 1 else list(values)
    if not _given(value):
        _sealed.pop(number, None)
        print(f"{number} · no prediction yet: replace the ... and run this cell before the next one")
        return
    _sealed[number] = value
    print(f"{number} · sealed")


def _given(value):
    if value is Ellipsis:
        return False
    if isinstance(value, (list, tuple)):
        return bool(value) and all(map(_given, value))
    if isinstance(value, dict):
        return bool(value) and all(map(_given, value.values()))
    return True


def happened(number, *values, **named):
    """Compare what happened with the sealed prediction and say both."""
    actual = named if named else values[0] if len(values) == 1 else list(values)
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
    """How many of this notebook's predictions came true."""
    right = sum(r for r, _ in _compared.values())
    of = sum(n for _, n in _compared.values())
    made = len(_compared)
    if not made:
        print("predictions: none made")
    elif made == of:
        print(f"predictions: {right} of {of} right")
    else:
        print(f"predictions: {right} of {of} values right, in {made} {'prediction' if made == 1 else 'predictions'}")
