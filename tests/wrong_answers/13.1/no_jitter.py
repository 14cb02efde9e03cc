"""Doubles and caps, and draws nothing: the herd stays together.

expects: WRONG
says: 1000 of 1000 jobs after attempt 1 come back between
"""


def delay(attempt, rng):
    return min(3600, 15 * 2 ** (attempt - 1))
