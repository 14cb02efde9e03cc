"""Caps at a minute: an outage of an hour uses up all attempts.

expects: WRONG
says: on average
"""


def delay(attempt, rng):
    return rng.uniform(0, min(60, 15 * 2 ** (attempt - 1)))
