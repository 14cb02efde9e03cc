"""Adds a second of jitter: the herd arrives within one second.

expects: WRONG
says: at most 30% of them in one tenth of the span
"""


def delay(attempt, rng):
    ceiling = min(3600, 15 * 2 ** (attempt - 1))
    return ceiling - rng.random()
