"""Draws from the upper half of the span only (equal jitter)."""


def delay(attempt, rng):
    ceiling = min(3600, 15 * 2 ** (attempt - 1))
    return ceiling / 2 + rng.random() * ceiling / 2
