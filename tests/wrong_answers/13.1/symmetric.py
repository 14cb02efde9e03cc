"""Jitter around the middle, to both sides: sometimes negative.

expects: WRONG
says: a delay is never negative
"""


def delay(attempt, rng):
    ceiling = min(3600, 15 * 2 ** (attempt - 1))
    return ceiling / 2 + rng.uniform(-0.6, 0.5) * ceiling
