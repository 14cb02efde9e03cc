"""Takes the power of the attempt itself: the first delay is the second one.

expects: WRONG
says: wait longer than 15 s
"""


def delay(attempt, rng):
    return rng.uniform(0, min(3600, 15 * 2**attempt))
