"""A table of ceilings, and the larger of two draws."""


CEILINGS = [15, 30, 60, 120, 240, 480, 960, 1920, 3600]


def delay(attempt, rng):
    ceiling = CEILINGS[min(attempt, len(CEILINGS)) - 1]
    return max(rng.uniform(0, ceiling), rng.uniform(0, ceiling))
