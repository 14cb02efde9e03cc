"""Whole seconds, from the upper half: not below the ceiling's half, never above it."""


def delay(attempt, rng):
    ceiling = min(3600, 15 << min(attempt - 1, 10))
    return rng.randint(ceiling // 2 + 1, ceiling)
