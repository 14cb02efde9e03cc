"""Shuffles as many tickets as the weights say, and draws only as many as there are queues: some may be missing.

expects: WRONG starved
says: stands in
"""


def weighted(weights, rng):
    return rng.choices(list(weights), list(weights.values()), k=len(weights))
