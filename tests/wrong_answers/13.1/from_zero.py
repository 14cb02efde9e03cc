"""Counts attempts from 0 and starts at half of the delay: on average too soon.

expects: WRONG
says: on average
"""


def delay(attempt, rng):
    return rng.uniform(0, min(3600, 15 * 2 ** (attempt - 2)))
