"""Keeps the slot for the heaviest queue, whatever its name.

expects: WRONG
says: five jobs in default, none in urgent
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    order = [max(weights, key=weights.get)] if slot == 0 else weighted(weights, rng)
    return pop(r, order, timeout)
