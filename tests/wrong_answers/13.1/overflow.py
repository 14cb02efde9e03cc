"""Computes the delay before it caps it: the number no longer fits into a float.

expects: YOUR CODE RAISED
says: given: delay(2000, rng)
"""


def delay(attempt, rng):
    return min(3600.0, 15 * 2.0 ** (attempt - 1)) * rng.random()
