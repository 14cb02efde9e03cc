"""Shuffles, and forgets the weights.

expects: WRONG
says: urgent gets 4 in 5
"""


def weighted(weights, rng):
    order = list(weights)
    rng.shuffle(order)
    return order
