"""Each queue has a bell that rings at random, the heavier the sooner: the order in which they ring first."""


def weighted(weights, rng):
    rings = {name: rng.expovariate(weight) for name, weight in weights.items()}
    return sorted(rings, key=rings.get)
