"""Keeps more than one slot.

expects: WRONG
says: one slot is kept for urgent, and no more than one
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    return pop(r, ["urgent"] if slot % 2 == 0 else weighted(weights, rng), timeout)
