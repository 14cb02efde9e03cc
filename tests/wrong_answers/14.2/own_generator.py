"""A generator of its own and no seed: no run can be repeated.

expects: WRONG
says: chance comes from `rng` alone
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    import random

    order = weighted(weights, random.Random())
    return pop(r, ["urgent"] if slot == 0 else order, timeout)
