"""Lends the kept slot when urgent stayed empty for a while.

expects: WRONG starved
says: the slots hold
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    if slot == 0:
        return pop(r, ["urgent"], timeout / 2) or pop(r, ["low"], timeout / 2)
    return pop(r, weighted(weights, rng), timeout)
