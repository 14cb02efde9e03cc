"""Reads a weight as a rank: 1 comes first.

expects: WRONG
says: came from low
"""


def weighted(weights, rng):
    left, order = dict(weights), []
    while left:
        name = rng.choices(list(left), [1 / weight for weight in left.values()])[0]
        order.append(name)
        del left[name]
    return order
