"""Draws the first one, and puts the rest in strict order.

expects: WRONG
says: urgent is empty
"""


def weighted(weights, rng):
    first = rng.choices(list(weights), list(weights.values()))[0]
    rest = sorted((name for name in weights if name != first), key=weights.get, reverse=True)
    return [first, *rest]
