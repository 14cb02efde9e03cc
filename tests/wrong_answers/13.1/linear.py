"""Grows by 15 seconds each time: a provider that is down for an hour is called a hundred times.

expects: WRONG
says: on average
"""


def delay(attempt, rng):
    return rng.uniform(0, min(3600, 15 * attempt))
