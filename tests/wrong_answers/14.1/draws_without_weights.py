"""A method that a generator does not have.

expects: YOUR CODE RAISED
says: at weighted, line 2: return rng.weighted_sample(weights)
"""


def weighted(weights, rng):
    return rng.weighted_sample(weights)
