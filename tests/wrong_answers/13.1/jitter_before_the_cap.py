"""Draws first and caps afterwards: from some attempt on nearly all wait for exactly the cap.

expects: WRONG
says: come back between 3240 and 3600 s later
"""


def delay(attempt, rng):
    return min(3600, 15 * 2 ** min(attempt - 1, 20) * rng.random())
