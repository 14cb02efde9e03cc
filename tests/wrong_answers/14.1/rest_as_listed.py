"""Draws the first one right, and leaves the rest as they are listed: the turns of an empty queue go to whoever is next.

expects: WRONG
says: urgent is empty
"""


def weighted(weights, rng):
    first = rng.choices(list(weights), list(weights.values()))[0]
    return [first] + [name for name in weights if name != first]
