"""Goes by weights of its own, not by those that it is given.

expects: WRONG starved
says: 0 of them from default
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    order = weighted({"urgent": 4, "low": 1}, rng)
    return pop(r, ["urgent"] if slot == 0 else order, timeout)
