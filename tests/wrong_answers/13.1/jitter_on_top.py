"""Adds the jitter to the capped delay: the cap is exceeded.

expects: WRONG
says: wait longer than 15 s
"""


def delay(attempt, rng):
    ceiling = min(3600, 15 * 2 ** (attempt - 1))
    return ceiling / 2 + rng.uniform(0, ceiling)
