"""One of four delays: the herd comes in four herds.

expects: WRONG
says: come back in 4 different seconds
"""


def delay(attempt, rng):
    ceiling = min(3600, 15 * 2 ** (attempt - 1))
    return ceiling * rng.choice([0.25, 0.45, 0.65, 0.85])
