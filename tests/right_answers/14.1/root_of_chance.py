"""A random number to the power of 1/weight, the highest first."""


def weighted(weights, rng):
    return sorted(weights, key=lambda name: rng.random() ** (1 / weights[name]), reverse=True)
