"""The heaviest queue first, always.

expects: WRONG starved
says: starved: 4000 of 4000 jobs: low-1
"""


def weighted(weights, rng):
    return sorted(weights, key=weights.get, reverse=True)
