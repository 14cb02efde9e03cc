"""Weights in every slot: all of them can be at slow jobs at once.

expects: WRONG starved
says: the slots hold low-1, low-2, low-3, low-4
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    return pop(r, weighted(weights, rng), timeout)
