"""Keeps slot 3: a process with two slots has none that is kept.

expects: WRONG starved
says: a process with 2 slots, 2 slow jobs in low
"""

from workbook.taught.lab14 import pop, weighted


def fetch(r, slot, weights, rng, timeout=1):
    return pop(r, ["urgent"] if slot == 3 else weighted(weights, rng), timeout)
