"""Draws ten times and hopes to meet every queue; the rest as they are listed.

expects: WRONG
says: urgent is empty, the others never
"""


def weighted(weights, rng):
    names = list(weights)
    drawn = rng.choices(names, list(weights.values()), k=10)
    return list(dict.fromkeys(drawn + names))
