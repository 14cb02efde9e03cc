"""Doubles in a loop that ends at the cap, and draws a whole number of milliseconds."""


def delay(attempt, rng):
    ceiling = 15
    for _ in range(attempt - 1):
        ceiling *= 2
        if ceiling >= 3600:
            ceiling = 3600
            break
    return rng.randint(0, ceiling * 1000) / 1000
