"""Grows without end: the tenth retry comes after hours.

expects: WRONG
says: wait longer than 3600 s
"""


def delay(attempt, rng):
    return rng.uniform(0, 15 * 2 ** min(attempt - 1, 60))
