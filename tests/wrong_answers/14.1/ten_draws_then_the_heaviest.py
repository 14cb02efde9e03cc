"""Draws ten times and hopes to meet every queue; the rest by weight.

expects: WRONG
says: urgent is empty, the others never
"""


def weighted(weights, rng):
    drawn = rng.choices(list(weights), list(weights.values()), k=10)
    return list(dict.fromkeys(drawn + sorted(weights, key=weights.get, reverse=True)))
