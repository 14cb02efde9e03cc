"""One of ten delays: the herd comes in ten herds.

expects: WRONG
says: come back in 10 different seconds
"""


def delay(attempt, rng):
    ceiling = min(3600, 15 * 2 ** (attempt - 1))
    return ceiling * rng.randrange(10) / 10
