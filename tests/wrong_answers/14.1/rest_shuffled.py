"""Draws the first one by weight, and shuffles the rest evenly.

expects: WRONG
says: urgent is empty
"""


def weighted(weights, rng):
    first = rng.choices(list(weights), list(weights.values()))[0]
    rest = [name for name in weights if name != first]
    rng.shuffle(rest)
    return [first, *rest]
